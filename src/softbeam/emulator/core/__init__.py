"""The jitted warp interpreter: arrays and integers in, arrays and integers out."""
