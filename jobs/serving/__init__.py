"""The model server: one process per deployment, Open Inference Protocol V2 in front of ONNX Runtime.

It never opens the database. What it served it appends to a payload log; what it should serve it is told.
"""
