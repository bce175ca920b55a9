"""A campaign as a page and as figures for a paper.

The numbers come from :mod:`softbeam.analysis`; here is how they are drawn and what is said beside
them.  Matplotlib draws, Jinja2 fills the page; both are imported only when a report is made.
"""
