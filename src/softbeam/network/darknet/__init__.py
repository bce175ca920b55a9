"""Darknet's files: ``.cfg`` to layers, ``.weights`` to buffers."""
