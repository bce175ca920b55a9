"""What tests of several packages share: one-instruction programs, and models of them."""
