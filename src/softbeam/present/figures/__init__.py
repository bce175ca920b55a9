"""Figures for a page and for a paper, drawn by Matplotlib."""
