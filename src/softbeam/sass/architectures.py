"""Names of architectures, as the compiler and NVIDIA's tools write them."""

#: What is taken where none is named: that of the recorded GPU, an H100.
DEFAULT_ARCHITECTURE = "sm_90"
