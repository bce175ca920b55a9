"""softbeam: which layers and GPU kernels of a neural network to harden against soft errors."""
