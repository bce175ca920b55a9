// What programs.cu needs, for the GPU's compiler and for the host's: types, bits of floats with
// one NaN, and CUDA's functions on a host as the CUDA C++ documentation defines them.
#pragma once
typedef int I;
typedef unsigned u;
typedef long long L;
typedef unsigned long long U;
typedef float F;
typedef double D;

#ifdef __CUDACC__
#define HERE __device__
#define APART __device__ __noinline__
HERE F from_bits(u x) { return __uint_as_float(x); }
HERE D from_bits_64(U x) { return __longlong_as_double(x); }
HERE u raw_bits(F x) { return __float_as_uint(x); }
HERE U raw_bits_64(D x) { return __double_as_longlong(x); }
HERE I to_I(F x) { return (I)x; }
HERE u to_u(F x) { return (u)x; }
HERE L to_L(F x) { return (L)x; }
HERE U to_U(F x) { return (U)x; }
HERE F least(F x, F y) { return fminf(x, y); }
HERE F most(F x, F y) { return fmaxf(x, y); }
HERE D least(D x, D y) { return fmin(x, y); }
HERE D most(D x, D y) { return fmax(x, y); }
#define dot4(x, y, z) __dp4a((I)(x), (I)(y), (I)(z))
#else
#include <math.h>
#include <string.h>
#define HERE static
#define APART static __attribute__((noinline))
HERE F from_bits(u x) { F f; memcpy(&f, &x, 4); return f; }
HERE D from_bits_64(U x) { D d; memcpy(&d, &x, 8); return d; }
HERE u raw_bits(F x) { u w; memcpy(&w, &x, 4); return w; }
HERE U raw_bits_64(D x) { U w; memcpy(&w, &x, 8); return w; }
// Out of range the nearest bound; NaN is 0, or of 64 bits the most negative number's bits.
HERE I to_I(F x) { return x != x ? 0 : x >= 0x1p31f ? 0x7fffffff : x <= -0x1p31f ? (I)0x80000000 : (I)x; }
HERE u to_u(F x) { return !(x > 0) ? 0 : x >= 0x1p32f ? ~0u : (u)x; }
HERE L to_L(F x) { return x >= 0x1p63f ? 0x7fffffffffffffff : x > -0x1p63f ? (L)x : (L)0x8000000000000000; }
HERE U to_U(F x) { return x != x ? 0x8000000000000000 : x <= 0 ? 0 : x >= 0x1p64f ? ~0ull : (U)x; }
template <typename T> T least(T x, T y) { return x != x ? y : y != y ? x : x == y ? (signbit(x) ? x : y) : x < y ? x : y; }
template <typename T> T most(T x, T y) { return x != x ? y : y != y ? x : x == y ? (signbit(x) ? y : x) : x > y ? x : y; }
HERE u __brev(u x) { u r = 0; for (I i = 0; i < 32; i++) r |= (x >> i & 1) << (31 - i); return r; }
HERE I __popc(u x) { return __builtin_popcount(x); }
HERE I __clz(u x) { return x ? __builtin_clz(x) : 32; }
HERE I __ffs(u x) { return __builtin_ffs(x); }
HERE u __umulhi(u x, u y) { return (u)((U)x * y >> 32); }
HERE I __mulhi(I x, I y) { return (I)((L)x * y >> 32); }
HERE L __mul64hi(L x, L y) { return (L)((__int128)x * y >> 64); }
HERE U __umul64hi(U x, U y) { return (U)((unsigned __int128)x * y >> 64); }
HERE u __usad(u x, u y, u z) { return (x > y ? x - y : y - x) + z; }
HERE u __funnelshift_l(u low, u high, u n) { return (u)((((U)high << 32 | low) << (n & 31)) >> 32); }
HERE u __funnelshift_rc(u low, u high, u n) { return (u)(((U)high << 32 | low) >> (n > 32 ? 32 : n)); }
HERE u __byte_perm(u x, u y, u s) {
    U pair = (U)y << 32 | x;
    u r = 0;
    for (I i = 0; i < 4; i++) r |= (u)(pair >> 8 * (s >> 4 * i & 7) & 255) << 8 * i;
    return r;
}
HERE I dot4(u x, u y, u z) {
    for (I i = 0; i < 32; i += 8) z += (signed char)(x >> i) * (signed char)(y >> i);
    return (I)z;
}
#endif
HERE u bits_of(F x) { return x != x ? 0x7fffffffu : raw_bits(x); }
HERE U bits_of(D x) { return x != x ? 0x7fffffffffffffffull : raw_bits_64(x); }
