"""A campaign as tables, as a page, and as figures for a paper.

The numbers come from :mod:`softbeam.analysis`; here is how they are written and drawn, and what is
said beside them.  A table (:mod:`softbeam.present.table`) is made once and written three times.
Rich prints, Jinja2 fills the page, Matplotlib draws; each is imported only where it is used.
"""
