"""Watching: polling endpoints, cutting windows, measuring drift and error, raising alerts, retraining."""
