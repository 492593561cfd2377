"""The payload log: what was asked and what was answered, appended by a thread that no request waits for.

One frame of the spool's format per request: u32 length, u32 crc32 (both little-endian, over what follows),
then one kind byte `4` and UTF-8 JSON:

    {"id": "abc",                 the request's id: given by the client, or made here
     "ids": ["abc#0", "abc#1"],   one per row: the client's `parameters.ids`, else the id itself for a single
                                  row, else <id>#<row>; labels are joined by these
     "at_us": 1700000000000000,   when it was answered
     "event_us": [..] | null,     `parameters.event_time_us`, one per row; null when none was given
     "version": "3",              the model version's number, as the answer said it
     "columns": {"x": [..], ..},  the inputs as the client sent them, one list per feature, one value per
                                  row; null is a missing value, NaN and ±inf are the strings "NaN",
                                  "Infinity" and "-Infinity"
     "prediction": [..],          one per row: the class as text, or the number
     "probability": [..] | null}  of the predicted class, one per row; null where there are no classes

A frame has at most 60 KiB: a larger request is cut into several frames by rows (same `id`, other `ids`).
Requests that carry `parameters.probe` (golden checks of the runner) are not written.
"""
