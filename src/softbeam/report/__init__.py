"""Tables, figures and pages for people who decide."""
