"""What tests of several packages share: programs and models of them, a tiny network's files."""
