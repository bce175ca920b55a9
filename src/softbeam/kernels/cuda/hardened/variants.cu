// All variants of a hardened source in one cubin, each entry with the techniques behind its name.
//
//     nvcc -cubin -DSOURCE='"fill.cu"' "-Dfill_kernel=NAMED(fill_kernel)" variants.cu
//
// A source that nothing is to be clamped in is compiled with -DWITHOUT_RANGE.

namespace bounds {
#define BOUNDS
#define NAMED(ENTRY) ENTRY##__bounds
#include SOURCE
#undef NAMED
#undef BOUNDS
}

namespace duplication {
#define DUPLICATION
#define NAMED(ENTRY) ENTRY##__duplication
#include SOURCE
#undef NAMED
#undef DUPLICATION
}

namespace triplication {
#define TRIPLICATION
#define NAMED(ENTRY) ENTRY##__triplication
#include SOURCE
#undef NAMED
#undef TRIPLICATION
}

namespace duplication_bounds {
#define DUPLICATION
#define BOUNDS
#define NAMED(ENTRY) ENTRY##__duplication_bounds
#include SOURCE
#undef NAMED
#undef DUPLICATION
#undef BOUNDS
}

namespace triplication_bounds {
#define TRIPLICATION
#define BOUNDS
#define NAMED(ENTRY) ENTRY##__triplication_bounds
#include SOURCE
#undef NAMED
#undef TRIPLICATION
#undef BOUNDS
}

#ifndef WITHOUT_RANGE

namespace range {
#define RANGE
#define NAMED(ENTRY) ENTRY##__range
#include SOURCE
#undef NAMED
#undef RANGE
}

namespace range_bounds {
#define RANGE
#define BOUNDS
#define NAMED(ENTRY) ENTRY##__range_bounds
#include SOURCE
#undef NAMED
#undef RANGE
#undef BOUNDS
}

namespace duplication_range {
#define DUPLICATION
#define RANGE
#define NAMED(ENTRY) ENTRY##__duplication_range
#include SOURCE
#undef NAMED
#undef DUPLICATION
#undef RANGE
}

namespace duplication_range_bounds {
#define DUPLICATION
#define RANGE
#define BOUNDS
#define NAMED(ENTRY) ENTRY##__duplication_range_bounds
#include SOURCE
#undef NAMED
#undef DUPLICATION
#undef RANGE
#undef BOUNDS
}

#endif
