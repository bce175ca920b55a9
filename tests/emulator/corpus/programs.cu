// Written by programs.py from seed 7; do not edit.
#include "programs.h"
#ifdef __CUDACC__
#define PROGRAM(name) \
    extern "C" __global__ void name##_k(U *out, const U *a, const U *b, int n) { \
    int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) out[i] = name(a[i], b[i], i); }
#else
#define PROGRAM(name) extern "C" void name##_k(U *out, const U *a, const U *b, int n) { \
    for (int i = 0; i < n; i++) out[i] = name(a[i], b[i], i); }
#endif

APART u program0_0(L x0, I x1) { return __umulhi(__umulhi(((u)1000ull), ((u)4294967295ull)), __funnelshift_rc(((u)2147483648ull), ((u)1ull), ((u)3ull))); }
HERE U program0(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = bits_of((3.25e7f + 1e-39f));
    u v1 = ((v0 >= v0) ? (v0 / (u)641) : bits_of(1e-39f));
    F v2 = ((0.f * -1e30f) * (-1.5f * 1e-39f));
    F v3 = least((1e-3f + v2), ((v0 == v0) ? v2 : v2));
    U v4 = ((v0 != v1) ? ((v0 < v1) ? y : x) : (x / (y | 1)));
    u v5 = ((v1 % (u)7) / (((((U)255ull) > ((U)5ull)) ? v1 : v1) | 1));
    D v6 = (((v3 != v2) != (i == i)) ? (1e-3 / -1.5) : floor(-1.5));
    array[((-1e30f == v3) ? ((((L)3ull) <= ((L)9223372036854775808ull)) ? v1 : v5) : (v0 / (u)3)) & 7] ^= ((u)(x) / (u)3); total += array[((-1e30f == v3) ? ((((L)3ull) <= ((L)9223372036854775808ull)) ? v1 : v5) : (v0 / (u)3)) & 3];
    if (((1e-3f / v3) == floorf(v3)) && ((((L)3ull) <= ((L)2147483647ull)) && (v5 == v0))) { if (fabs(v6) <= (v6 + v6)) { array[__umulhi((u)((u)v5 * (u)v0), __usad(v5, v1, ((u)5ull))) & 7] ^= __byte_perm(((i <= ((I)9223372036854775808ull)) ? v5 : v0), (v5 >> (((u)4294967295ull) & 31)), bits_of(v3)); total += array[__umulhi((u)((u)v5 * (u)v0), __usad(v5, v1, ((u)5ull))) & 3]; } else { v5 = (((v6 == v6) ? (u)((u)v0 & (u)v5) : __funnelshift_l(v1, ((u)32ull), v0)) >> (__funnelshift_rc((v1 >> (((u)1ull) & 31)), (u)((u)v5 << (v1 & 31)), (u)((u)((u)1000ull) | (u)v0)) & 31)); } } else { switch (to_u((v2 / v3)) & 7) { case 3: { v3 = (most((v3 - v2), truncf(v2)) / rintf((v3 - v2))); v2 = (((v3 - v2) + (v3 - v3)) - truncf(fmaf(v3, v2, 1.f))); } break; case 1: { array[(((v3 >= -1e30f) ? v0 : v0) % (u)3) & 7] ^= (to_u(v2) >> ((v0 / (v1 | 1)) & 31)); total += array[(((v3 >= -1e30f) ? v0 : v0) % (u)3) & 3]; } break; case 0: { v6 = ((floor(v6) + most(v6, v6)) + (floor(-1e300) - least(v6, v6))); switch (to_u((v2 + v2)) & 7) { case 0: { v5 = to_u(floorf(((((L)4294967295ull) >= ((L)32ull)) ? v3 : v3))); v2 = (((v3 == v2) ? (1.f / 3.25e7f) : (v2 * v2)) + ((v2 - v2) - (v2 + v2))); }  case 5: { v4 = to_U((rintf(v3) - ((((I)5ull) != i) ? v2 : v3))); }  case 6: { v3 = (((F)(v6) + truncf(v2)) * (((((L)1ull) > ((L)1000ull)) != (v0 == v5)) ? (v3 / v2) : sqrtf(-1.5f))); }  case 7: { v3 = (truncf((v3 - v2)) * (fabsf(v2) - (1e-39f - v2))); }  case 3: { v5 = (u)((u)((((L)0ull) > ((L)31ull)) ? (u)(((L)4294967295ull)) : __usad(((u)3ull), v1, v5)) + (u)__ffs((((u)255ull) / (u)3))); }  default: total++; } } break; case 7: { switch ((program0_0(((L)9223372036854775808ull), i) >> (__byte_perm(v0, v1, ((u)31ull)) & 31)) & 7) { case 2: { v1 = ((u)((u)(v0 % (u)7) * (u)(((u)9223372036854775808ull) / (u)3)) >> ((u)((u)(u)(((U)9223372036854775808ull)) << (((v2 <= 1e-39f) ? ((u)9223372036854775808ull) : v0) & 31)) & 31)); } break; case 5: { v1 = ((u)((u)__byte_perm(v1, v5, v5) << ((v1 >> (v1 & 31)) & 31)) >> ((((((I)2ull) == i) != (v0 != ((u)1000ull))) ? (v1 >> (v1 & 31)) : (u)(((L)16496659311411352806ull))) & 31)); v5 = __brev(((u)((u)v0 | (u)v5) % (__ffs(((u)255ull)) | 1))); } break; case 3: { v4 = (U)((U)(U)((U)(U)(unsigned short)(y) << (((1e-39f == v2) ? ((U)255ull) : v4) & 63)) - (U)(U)((I)(v4))); v4 = __umul64hi((U)((U)bits_of(v6) * (U)to_U(-1.5f)), to_U(sqrtf(v3))); }  case 7: { v5 = __brev((u)(__umul64hi(x, y))); v6 = ((floor(v6) / ((v1 <= v5) ? v6 : -1e300)) / (sqrt(v6) - (v6 - v6))); } break; case 0: { v2 = (from_bits(((((L)1ull) >= ((L)0ull)) ? v5 : ((u)2147483647ull))) / (((v4 >= y) ? 1e-39f : v3) / (v3 * v2))); }  default: total++; } } break; case 2: { array[__usad(__brev(v0), __brev(v0), ((v3 < v2) ? v5 : v5)) & 7] ^= __ffs(__brev(v1)); total += array[__usad(__brev(v0), __brev(v0), ((v3 < v2) ? v5 : v5)) & 3]; }  default: total++; } }
    switch (__brev(bits_of(0.f)) & 7) { case 5: { for (u k1 = 0; k1 < ((u)(((L)5ull)) & 7) + 1; k1++) { if (v4 >= x) continue; { for (u k2 = 0; k2 < ((v1 >> (v1 & 31)) & 7) + 1; k2++) { if (v6 < v6) break; { v4 = to_U(((1e-3f / v2) * (v2 / v2))); v3 = truncf((fabsf(v3) + fabsf(v2))); } } v6 = ((__brev(v5) < (u)((u)v0 + (u)((u)2ull))) ? (((v6 != v6) ? v6 : v6) / most(v6, v6)) : ((D)(i) / ((((L)2147483648ull) >= ((L)1ull)) ? v6 : -1e300))); } } }  case 7: { v5 = (u)(signed char)((u)(signed char)(__funnelshift_rc(v0, ((u)255ull), v0))); } break; case 4: { v0 = __umulhi((((i >= i) ? v5 : v5) / (__funnelshift_l(v5, v0, v5) | 1)), (__ffs(v0) % ((u)(signed char)(v0) | 1))); v3 = ((((v6 != v6) ? v3 : v2) / (v3 * 0.f)) + (F)((v6 - v6))); }  case 1: { v6 = floor(((D)(-1e30f) * (0. - 1e-310))); } break; case 2: { array[(__popc(v5) >> ((u)(y) & 31)) & 7] ^= (u)(signed char)(program0_0(((L)2147483647ull), ((I)2147483648ull))); total += array[(__popc(v5) >> ((u)(y) & 31)) & 3]; }  default: total++; }
    v4 = to_U(rintf((v3 / v2)));
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)bits_of(v3);
    total = total * 31 + (U)v4;
    total = total * 31 + (U)v5;
    total = total * 31 + (U)bits_of(v6);
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program0)
APART u program1_0(F x0, U x1) { return __funnelshift_l((u)((u)((u)255ull) + (u)((u)32ull)), (((u)5ull) / (((u)9849144456604706049ull) | 1)), to_u(x0)); }
HERE U program1(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = ((u)((u)((u)1ull) | (u)((u)255ull)) % (u)641);
    L v1 = __mul64hi((((L)10894695037895887869ull) >> (((L)2147483647ull) & 63)), __mul64hi(((L)9223372036854775808ull), ((L)4294967295ull)));
    U v2 = __umul64hi((U)((U)((U)5ull) & (U)x), (x % (((U)9447645187939210596ull) | 1)));
    u v3 = ((i != i) ? bits_of(0.f) : ((v1 != v1) ? ((u)255ull) : v0));
    F v4 = rintf((1e-3f * 1.f));
    U v5 = (U)((U)(U)(unsigned short)(((U)1ull)) ^ (U)(v2 >> (y & 63)));
    U v6 = bits_of((-1e300 * 1e-3));
    if (to_U(3.25e7f) < ((i <= i) ? v6 : v2)) { switch (__clz((u)((u)v0 << (((u)3ull) & 31))) & 7) { case 0: { for (u k3 = 0; k3 < (program1_0(v4, ((U)31ull)) & 7) + 1; k3++) { if (0. > 3.25e17) continue; { v3 = (u)((U)(signed char)((U)((U)v2 << (v6 & 63)))); } } }  case 7: { if ((U)(signed char)(v2) != (U)((U)x - (U)y)) { v5 = to_U(floorf(((y == v5) ? v4 : v4))); v0 = (u)(signed char)(__ffs((u)((u)((u)3ull) + (u)v3))); } else { v6 = (U)(unsigned short)(__umul64hi(bits_of(3.25e17), __umul64hi(v5, x))); v6 = ((((v1 == v1) != (v4 > 0.f)) ? (U)((U)x & (U)y) : bits_of(3.25e17)) / (U)10); } } break; case 6: { v6 = __umul64hi(((i <= i) ? ((x <= x) ? y : v5) : (((U)2147483647ull) % (U)3)), (U)(unsigned short)((U)(signed char)(((U)2147483647ull)))); v3 = __funnelshift_l(((v3 != v0) ? (u)((u)v0 << (v0 & 31)) : ((-1e300 != -1e300) ? v0 : v3)), ((u)((u)v0 << (v0 & 31)) >> ((u)(i) & 31)), (u)((v5 % (U)10))); }  case 2: { array[__funnelshift_rc(__byte_perm(v3, v3, v3), (v3 / (u)641), __funnelshift_rc(((u)2ull), ((u)5ull), ((u)9223372036854775808ull))) & 7] ^= (u)(signed char)(__popc(v0)); total += array[__funnelshift_rc(__byte_perm(v3, v3, v3), (v3 / (u)641), __funnelshift_rc(((u)2ull), ((u)5ull), ((u)9223372036854775808ull))) & 3]; }  case 4: { v0 = ((__umul64hi(y, y) != (U)((U)y << (v2 & 63))) ? ((u)((u)v0 + (u)v3) >> (__ffs(v3) & 31)) : ((v0 >> (v3 & 31)) >> ((u)((u)((u)2ull) + (u)v3) & 31))); }  default: total++; } } else { v6 = bits_of((floor(-1e300) + least(1e-310, 1.))); }
    array[bits_of(truncf(v4)) & 7] ^= ((u)((u)v0 + (u)v0) >> (((v4 <= v4) ? v3 : ((u)16305075648639906677ull)) & 31)); total += array[bits_of(truncf(v4)) & 3];
    if ((__mulhi(i, i) <= ((v4 < v4) ? i : i)) != ((i == i) && (3.25e17 <= 1e-3))) { v2 = to_U(((v1 <= v1) ? rintf(v4) : least(3.25e7f, v4))); v1 = __mul64hi(((i < i) ? (L)((U)v1 & (U)v1) : (v1 >> (v1 & 63))), __mul64hi(to_L(v4), to_L(1.f))); } else { for (u k4 = 0; k4 < ((u)((u)v3 << (v0 & 31)) & 7) + 1; k4++) { if (3.25e17 >= 1.) continue; { if ((__funnelshift_rc(v3, v0, v0) == __usad(v0, v3, ((u)2147483647ull))) || (v4 >= v4)) { v6 = bits_of((fabs(1e-3) * (1. - -1.5))); v5 = __umul64hi((U)((U)bits_of(1.) & (U)to_U(v4)), (__umul64hi(x, x) / (U)7)); } else { v0 = __usad(((u)((u)v3 ^ (u)v3) >> ((u)((u)v0 | (u)v3) & 31)), ((i <= i) ? (u)((u)((u)9223372036854775808ull) | (u)v0) : __usad(v0, v0, v3)), __popc(__ffs(v0))); } } } }
    if (((((U)1000ull) < v6) ? v1 : ((L)9223372036854775808ull)) < (v1 >> (v1 & 63))) { switch ((__brev(v0) >> ((u)((u)v3 ^ (u)v3) & 31)) & 7) { case 1: { for (u k5 = 0; k5 < (__usad(v3, v0, ((u)0ull)) & 7) + 1; k5++) { if (v4 > v4) continue; { v3 = ((((((L)4294967295ull) >= v1) ? v4 : v4) < (v4 - v4)) ? ((u)((u)v3 * (u)v3) >> (__brev(v0) & 31)) : (u)((I)((u)((I)4294967295ull) << (i & 31)))); } } v2 = (((U)((U)((U)3ull) << (x & 63)) / ((U)(unsigned short)(x) | 1)) % (U)7); } break; case 7: { v1 = (((L)((U)((v0 >= v3) ? ((L)32ull) : v1) * (U)(L)(i)) >> 1) / ((to_L((v4 + 0.f)) & 0xffff) | 1)); switch (to_u((v4 - v4)) & 7) { case 0: { v2 = to_U((fmaf(v4, v4, -1.5f) - (v4 * v4))); v2 = to_U(least((v4 * v4), ((v1 <= v1) ? -1e30f : v4))); } break; case 4: { v0 = bits_of((((v0 <= v0) ? v4 : v4) / (1e-39f * v4))); } break; case 6: { v1 = ((L)(signed char)(((v1 >> 1) % ((v1 & 0xffff) | 1))) >> ((__mul64hi(v1, v1) % (L)7) & 63)); v0 = bits_of((fabsf(v4) + most(1e-39f, 3.25e7f))); } break; case 5: { v2 = (U)((U)bits_of(floor(0.)) - (U)(U)((v0 % (v0 | 1)))); } break; case 1: { v2 = (((v4 + v4) >= sqrtf(v4)) ? ((v3 < v0) ? to_U(v4) : to_U(v4)) : (to_U(1e-39f) % (U)7)); v3 = __popc((u)((u)(u)((u)v3 & (u)v3) - (u)__byte_perm(v3, v3, v0))); } break; default: total++; } } break; case 6: { for (u k6 = 0; k6 < (bits_of(v4) & 7) + 1; k6++) { if (y != x) continue; { v1 = (L)((U)((L)((U)v1 ^ (U)v1) % (L)641) | (U)(L)((U)((v1 >> 1) / ((v1 & 0xffff) | 1)) | (U)to_L(v4))); } } v4 = most((((i > i) ? v4 : v4) / (v4 * v4)), ((1e-39f / v4) + (v4 - v4))); } break; case 4: { for (u k7 = 0; k7 < ((v0 % (v0 | 1)) & 7) + 1; k7++) { if ((1e-3 > 1e-310) && (v3 > v0)) break; { v3 = ((((i >> 1) % ((i & 0xffff) | 1)) > (I)((u)i << (((I)32ull) & 31))) ? (u)((U)((U)x & (U)y)) : __umulhi((((u)1ull) >> (v3 & 31)), __usad(v3, v3, v0))); } } }  case 2: { if ((u)(unsigned short)(v0) > __ffs(v0)) { v6 = to_U((floorf(v4) / ((v1 == v1) ? v4 : v4))); v0 = __clz(((v4 >= v4) ? (v3 % (v3 | 1)) : __brev(v3))); } else { v4 = (((bits_of(v4) <= (u)((u)v3 << (v0 & 31))) != ((v0 > v0) || (v4 < v4))) ? ((v4 - v4) / rintf(v4)) : truncf(truncf(v4))); v6 = (((0.f + v4) >= (v4 / v4)) ? (U)(unsigned short)(to_U(v4)) : (U)((U)bits_of(1e-310) << (to_U(v4) & 63))); } if (((1. - -1.5) <= (3.25e17 * 1e-3)) != (((I)1ull) < i)) { v0 = (u)((u)((((u)32ull) != v3) ? (u)((u)v0 * (u)v3) : __brev(v3)) ^ (u)(u)((((I)2147483647ull) >> (i & 31)))); } else { v0 = (u)((I)(signed char)((I)(signed char)(((I)0ull)))); v3 = (u)(__umul64hi((((U)5980741179246073133ull) / (y | 1)), __umul64hi(((U)32ull), ((U)1ull)))); } } break; default: total++; } } else { for (u k8 = 0; k8 < (bits_of(v4) & 7) + 1; k8++) { if (v1 > v1) continue; { if ((__ffs(v3) >= (v0 % (((u)32ull) | 1))) && (((U)5ull) == v6)) { v3 = (((((i != i) ? v5 : x) != __umul64hi(v6, y)) || (v1 > v1)) ? (u)((L)((U)v1 + (U)v1)) : (u)(((1e-3 < 1.) ? i : i))); } else { v6 = to_U(((0.f + v4) * ((v0 != ((u)5ull)) ? v4 : -1e30f))); v3 = (to_u(least(1e-3f, v4)) >> ((u)((u)__popc(v0) * (u)__funnelshift_l(v3, ((u)2ull), v0)) & 31)); } v2 = to_U((((i > ((I)9223372036854775808ull)) || (v3 >= v0)) ? (v4 + v4) : floorf(v4))); } } v0 = (__clz((u)(signed char)(v3)) % (u)3); }
    v4 = (F)(((1. * 3.25e17) / (1. - 0.)));
    v6 = __umul64hi(bits_of((1e-3 * -1e300)), ((U)((U)((U)3ull) << (v6 & 63)) % ((((U)1ull) % (U)10) | 1)));
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)v2;
    total = total * 31 + (U)v3;
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)v5;
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program1)
APART D program2_0(I x0, u x1) { return ((D)(0.f) - (0. - 1e-310)); }
APART I program2_1(D x0, U x1) { return (I)(__mul64hi(((L)0ull), ((L)8054438517984478964ull))); }
HERE U program2(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = __popc(((x != y) ? ((u)2ull) : ((u)9223372036854775808ull)));
    I v1 = to_I(least(-1e30f, -1e30f));
    L v2 = (L)((U)to_L(1e-39f) | (U)((((U)9223372036854775808ull) < y) ? ((L)1000ull) : ((L)2147483648ull)));
    u v3 = (__ffs(v0) / (u)641);
    D v4 = ((1. * -1e300) - fma(0., 1., 1e-310));
    L v5 = to_L(from_bits(v3));
    u v6 = __umulhi((u)(y), __funnelshift_l(((u)31ull), v0, ((u)2147483647ull)));
    v2 = (L)((u)((u)((v4 == 1e-3) ? ((u)1857954264494642390ull) : v6) | (u)(v6 >> (v6 & 31))));
    v4 = (sqrt((v4 * v4)) * (D)((I)((u)v1 << (i & 31))));
    if (((v4 - v4) != (v4 * v4)) && ((v1 > v1) && (3.25e7f >= -1.5f))) { if (((v2 >> 1) % ((v2 & 0xffff) | 1)) != (v5 >> (((L)32ull) & 63))) { array[__brev((u)(((U)5ull))) & 7] ^= __usad(((v3 <= ((u)32ull)) ? v6 : v3), (u)((u)v3 << (v3 & 31)), (v3 % (u)10)); total += array[__brev((u)(((U)5ull))) & 3]; } else { array[(((v5 != v5) ? v0 : v6) % (__ffs(v0) | 1)) & 7] ^= (((v1 <= ((I)3ull)) && (0.f == -1.5f)) ? (v6 / (v6 | 1)) : __brev(v3)); total += array[(((v5 != v5) ? v0 : v6) % (__ffs(v0) | 1)) & 3]; v0 = __brev(__clz(((v0 != v0) ? v6 : v3))); } array[(__clz(v6) >> (((-1.5f > 0.f) ? v6 : v0) & 31)) & 7] ^= ((u)((u)v0 + (u)v6) >> ((v0 >> (v6 & 31)) & 31)); total += array[(__clz(v6) >> (((-1.5f > 0.f) ? v6 : v0) & 31)) & 3]; } else { v1 = ((((3.25e7f < -1e30f) ? ((L)5ull) : v2) >= to_L(1e-39f)) ? (I)((u)(I)(v5) << (((x == y) ? ((I)0ull) : v1) & 31)) : (((I)(signed char)(i) >> 1) / ((program2_1(1e-310, ((U)255ull)) & 0xffff) | 1))); }
    array[__byte_perm(__brev(v6), (u)((u)v0 & (u)((u)32ull)), (u)(signed char)(((u)32ull))) & 7] ^= bits_of((-1.5f * 1.f)); total += array[__byte_perm(__brev(v6), (u)((u)v0 & (u)((u)32ull)), (u)(signed char)(((u)32ull))) & 3];
    v2 = to_L((fmaf(3.25e7f, 1e-39f, 1e-39f) / fabsf(-1e30f)));
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)v2;
    total = total * 31 + (U)v3;
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)v5;
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program2)
HERE U program3(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = ((u)(unsigned short)(((u)255ull)) / (to_u(1e-3f) | 1));
    D v1 = ((1. + 1e-3) + (-1e300 * 1e-3));
    D v2 = ((v1 * v1) / (-1e300 + v1));
    I v3 = (to_I(1e-39f) >> (dot4(v0, v0, v0) & 31));
    D v4 = ((v2 + v2) + (v2 + v1));
    L v5 = __mul64hi(to_L(-1e30f), (L)((U)((L)1000ull) - (U)((L)31ull)));
    F v6 = rintf(fabsf(1.f));
    array[(((v2 > v2) != (y <= x)) ? (u)((u)v0 << (v0 & 31)) : (u)(unsigned short)(v0)) & 7] ^= __funnelshift_rc(__clz(v0), (((u)255ull) >> (v0 & 31)), ((v0 >= v0) ? v0 : v0)); total += array[(((v2 > v2) != (y <= x)) ? (u)((u)v0 << (v0 & 31)) : (u)(unsigned short)(v0)) & 3];
    if ((to_I(v6) == ((i >> 1) / ((i & 0xffff) | 1))) && (v5 >= ((L)1000ull))) { v2 = ((((v6 == v6) ? v1 : v2) / (1e-3 / -1e300)) - fma((v2 * v1), sqrt(1e-3), (v1 / v1))); switch (((v3 < v3) ? (u)(x) : (v0 >> (((u)0ull) & 31))) & 7) { case 4: { switch (((u)(signed char)(v0) / ((u)((u)v0 & (u)v0) | 1)) & 7) { case 4: { v1 = from_bits_64(bits_of((v4 + v1))); v0 = (u)((u)(u)(unsigned short)(__usad(v0, v0, v0)) | (u)to_u((1e-39f - v6))); }  case 1: { v5 = (L)((U)to_L((v6 / v6)) | (U)to_L((0.f * v6))); } break; case 7: { v4 = fma((sqrt(1.) - (v1 * 1.)), (D)((I)((u)v3 - (u)((I)1ull))), fabs(fma(v2, v2, -1e300))); } break; case 0: { v5 = __mul64hi(__mul64hi(to_L(v6), __mul64hi(v5, v5)), to_L(floorf(v6))); v2 = ((fabs(v1) / (v1 / v4)) * ((v4 / v1) * least(v1, v2))); }  case 6: { v0 = (u)((u)((v0 % (((u)2ull) | 1)) / (__funnelshift_l(v0, v0, v0) | 1)) << (__clz((u)((u)v0 << (((u)2147483647ull) & 31))) & 31)); }  default: total++; } if ((I)(v5) <= (I)((u)i * (u)((I)2147483647ull))) { v5 = (L)((U)((L)((U)v5 << (v5 & 63)) >> (to_L(v6) & 63)) - (U)(L)(unsigned short)(((v6 < -1.5f) ? v5 : v5))); v0 = (((v6 - v6) > (v6 - 3.25e7f)) ? (u)((u)(u)((u)v0 ^ (u)v0) << ((u)((u)((u)255ull) << (v0 & 31)) & 31)) : to_u((3.25e7f + v6))); } else { v5 = __mul64hi(to_L(rintf(-1.5f)), ((v5 >> (v5 & 63)) >> (to_L(v6) & 63))); } }  case 6: { for (u k9 = 0; k9 < ((u)((u)v0 + (u)v0) & 7) + 1; k9++) { if (v5 >= v5) break; { v0 = ((fma(v2, v2, v4) == sqrt(-1.5)) ? (u)((I)(v0)) : __clz((u)(unsigned short)(v0))); } } } break; case 1: { array[(u)((I)((u)i ^ (u)i)) & 7] ^= __clz((((u)31ull) % (((u)2ull) | 1))); total += array[(u)((I)((u)i ^ (u)i)) & 3]; }  case 0: { v2 = from_bits_64(to_U((v6 - v6))); } break; case 5: { v2 = ((most(v1, v2) / (v4 - v1)) * (D)((v6 - v6))); if (__funnelshift_l(v0, v0, v0) > __popc(v0)) { v3 = dot4((u)((u)(v0 >> (v0 & 31)) << (__funnelshift_rc(v0, v0, ((u)255ull)) & 31)), (((i >= ((I)0ull)) ? ((u)1ull) : v0) % ((v0 >> (v0 & 31)) | 1)), to_u((v6 / v6))); } else { v0 = (u)((u)__popc(__clz(v0)) + (u)__usad(__popc(v0), ((v2 < v1) ? v0 : v0), (u)((u)v0 + (u)v0))); v6 = (((v6 + 1.f) / (v6 / v6)) - ((1e-3f * v6) * (F)(v2))); } } break; default: total++; } } else { array[__popc((v0 >> (v0 & 31))) & 7] ^= (u)(unsigned short)((u)(signed char)(v0)); total += array[__popc((v0 >> (v0 & 31))) & 3]; array[((u)(((L)4294967295ull)) / (u)10) & 7] ^= (u)(unsigned short)(((1. > v1) ? v0 : ((u)32ull))); total += array[((u)(((L)4294967295ull)) / (u)10) & 3]; }
    for (u k10 = 0; k10 < (to_u(v6) & 7) + 1; k10++) { if (((I)2ull) < v3) break; { v0 = (((v5 >= ((L)2147483648ull)) ? (u)(signed char)(v0) : (v0 / (((u)3ull) | 1))) / ((u)((u)bits_of(v6) + (u)to_u(v6)) | 1)); v2 = ((((-1e300 > v2) ? v1 : v1) * (v2 * -1e300)) * (most(v4, v2) - floor(-1e300))); } }
    v2 = ((fma(v1, v1, v1) * most(v1, 3.25e17)) / (least(1e-310, v4) * ((v4 == v2) ? v4 : 1.)));
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)bits_of(v1);
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)v3;
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)v5;
    total = total * 31 + (U)bits_of(v6);
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program3)
APART u program4_0(I x0, U x1) { return ((u)(x1) / (u)3); }
APART U program4_1(U x0, L x1) { return (U)((U)((((U)5ull) == x0) ? x0 : x0) | (U)to_U(-1e30f)); }
HERE U program4(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = (to_u(1e-3f) % (program4_0(i, y) | 1));
    D v1 = most((D)(1e-39f), (1e-3 + -1e300));
    F v2 = ((((U)5ull) <= x) ? (3.25e7f + 0.f) : (0.f - 1e-3f));
    L v3 = (to_L(v2) / (L)7);
    D v4 = ((D)(i) - (v1 * v1));
    I v5 = (I)((x >> (((U)255ull) & 63)));
    L v6 = (((v2 == v2) ? v3 : v3) / (L)7);
    if (((u)((u)v0 - (u)v0) >= __brev(v0)) || ((v6 == v3) != (v6 == ((L)32ull)))) { v5 = __mulhi(((((-1.5 > v4) ? i : v5) >> 1) / ((__mulhi(i, ((I)2ull)) & 0xffff) | 1)), ((v4 < v4) ? dot4(v0, v0, v0) : (I)((u)v5 << (v5 & 31)))); v6 = __mul64hi(to_L((v2 + v2)), __mul64hi((v3 >> (v3 & 63)), to_L(3.25e7f))); } else { v6 = to_L(floorf(fmaf(v2, v2, v2))); for (u k11 = 0; k11 < ((u)((u)v0 ^ (u)((u)5ull)) & 7) + 1; k11++) { if (v0 >= v0) break; { for (u k12 = 0; k12 < (__byte_perm(((u)1ull), v0, v0) & 7) + 1; k12++) { if (v0 != v0) break; { v3 = (L)((U)(L)(unsigned short)((L)(signed char)(v6)) | (U)__mul64hi(to_L(v2), (v6 >> (v3 & 63)))); } } } } }
    for (u k13 = 0; k13 < (__popc(v0) & 7) + 1; k13++) { if ((i > i) && (i == i)) continue; { v5 = ((__mulhi(v5, v5) > ((v2 > v2) ? i : v5)) ? ((I)((u)v5 << (v5 & 31)) / (I)7) : to_I((v2 - v2))); } }
    switch ((u)(((i >> 1) / ((v5 & 0xffff) | 1))) & 7) { case 6: { for (u k14 = 0; k14 < (((v6 != v6) ? v0 : v0) & 7) + 1; k14++) { if ((v6 > v6) && (v0 <= v0)) break; { array[(u)((u)(v0 >> (v0 & 31)) + (u)((x < x) ? v0 : ((u)2147483647ull))) & 7] ^= __clz((v0 / (u)7)); total += array[(u)((u)(v0 >> (v0 & 31)) + (u)((x < x) ? v0 : ((u)2147483647ull))) & 3]; v5 = (((I)((u)dot4(v0, v0, ((u)9223372036854775808ull)) & (u)(I)((u)i << (((I)3ull) & 31))) >> 1) / ((to_I(floorf(v2)) & 0xffff) | 1)); } } v2 = (((((((L)2147483648ull) >> 1) % ((((L)255ull) & 0xffff) | 1)) != ((v2 == v2) ? ((L)1ull) : ((L)32ull))) || (v6 <= v6)) ? ((F)(0.) - ((v1 > v1) ? v2 : -1e30f)) : (((v0 < v0) ? 0.f : v2) / sqrtf(v2))); }  case 5: { v0 = ((((L)((U)v6 | (U)((L)32ull)) < (L)(unsigned short)(v3)) != (i >= i)) ? __usad(to_u(v2), ((v2 > v2) ? v0 : v0), ((v2 != v2) ? ((u)3ull) : v0)) : (u)(dot4(v0, v0, v0))); v2 = ((((v3 >> (v3 & 63)) != __mul64hi(v6, v3)) && (x < y)) ? (most(-1.5f, 0.f) - (F)(v4)) : (least(-1.5f, v2) + rintf(0.f))); }  case 1: { v0 = (__byte_perm((((u)5ull) % (v0 | 1)), (u)(v6), program4_0(v5, y)) / ((u)((u)__byte_perm(((u)5ull), v0, v0) + (u)__clz(((u)4294967295ull))) | 1)); v0 = __funnelshift_l((u)((u)((v6 < v3) ? v0 : v0) ^ (u)((v0 != v0) ? v0 : v0)), (u)(dot4(v0, v0, v0)), (u)(signed char)(program4_0(i, y))); }  case 3: { if (__umulhi(v0, v0) < (u)((u)v0 << (v0 & 31))) { for (u k15 = 0; k15 < ((u)(unsigned short)(v0) & 7) + 1; k15++) { if ((((L)4294967295ull) == v6) && (v3 != v6)) continue; { v1 = fma(((((U)2147483647ull) == y) ? (v1 - v4) : ((i >= v5) ? -1.5 : v1)), (D)((I)((u)v5 + (u)v5)), (((v0 > v0) != (v2 < v2)) ? (v4 + -1e300) : (v4 / v1))); } } v4 = ((((i > v5) ? v4 : 1.) * (1e-310 * v1)) * sqrt(least(v1, v4))); } else { array[__byte_perm((u)(signed char)(v0), __umulhi(((u)255ull), v0), __popc(v0)) & 7] ^= (u)(unsigned short)(((x != y) ? v0 : v0)); total += array[__byte_perm((u)(signed char)(v0), __umulhi(((u)255ull), v0), __popc(v0)) & 3]; } if ((v2 + v2) <= truncf(v2)) { array[__ffs((u)((u)v0 * (u)((u)2ull))) & 7] ^= (bits_of(v2) % ((v0 / (v0 | 1)) | 1)); total += array[__ffs((u)((u)v0 * (u)((u)2ull))) & 3]; } else { if (((v5 != ((I)4294967295ull)) ? v2 : v2) > (v2 - v2)) { v3 = __mul64hi(__mul64hi(to_L(v2), (L)(signed char)(v3)), ((x <= y) ? to_L(v2) : (L)((U)v6 << (((L)31ull) & 63)))); v4 = ((((((u)4294967295ull) == v0) ? v1 : v1) + (v1 - -1.5)) + ((v1 * v1) - fabs(-1.5))); } else { v0 = ((from_bits_64(y) < sqrt(v1)) ? ((((u)32ull) >= ((u)5ull)) ? __usad(v0, v0, v0) : (u)((u)v0 ^ (u)v0)) : (u)((u)(u)(x) | (u)__umulhi(v0, v0))); } if (((v3 == ((L)2147483648ull)) ? v1 : v4) >= (1. - 0.)) { v4 = (((-1e300 + v4) * most(v4, v4)) * ((v2 >= v2) ? (v1 / v4) : (v4 + v4))); v2 = ((((v2 >= v2) ? v2 : v2) - ((v5 <= i) ? -1.5f : v2)) * (F)(fma(v4, v1, v1))); } else { v0 = (u)(((v1 <= v1) ? __umul64hi(y, x) : program4_1(x, v3))); } } } break; case 0: { for (u k16 = 0; k16 < (program4_0(i, ((U)2ull)) & 7) + 1; k16++) { if (v2 < v2) break; { if ((v2 * v2) < ((x != y) ? v2 : v2)) { v1 = fma(((v4 / v4) / fabs(v1)), ((D)(i) + (v4 + -1e300)), ((v4 / v1) / ((v2 <= v2) ? v4 : v1))); } else { v6 = (L)(unsigned short)(to_L((v2 / v2))); } } } }  default: total++; }
    v5 = (I)((u)__mulhi((I)((u)i ^ (u)((I)4294967295ull)), (I)((u)v5 - (u)v5)) | (u)(I)((u)__mulhi(i, i) | (u)to_I(v2)));
    if ((v5 / (I)7) >= (I)((u)((I)255ull) ^ (u)i)) { switch (__funnelshift_rc((v0 >> (v0 & 31)), (u)(unsigned short)(v0), __ffs(v0)) & 7) { case 4: { v0 = (((y == x) ? (v0 >> (v0 & 31)) : (v0 % (u)3)) % (bits_of(most(v2, v2)) | 1)); }  case 0: { v5 = dot4((((v3 >= v6) || (v6 == v6)) ? (u)(unsigned short)(v0) : __clz(v0)), (u)((L)((U)v6 * (U)((L)0ull))), ((y <= y) ? (u)((u)v0 ^ (u)v0) : __popc(v0))); }  case 3: { if (sqrtf(v2) != (v2 + -1e30f)) { v5 = (((I)(((v3 >> 1) % ((v6 & 0xffff) | 1))) >> 1) / ((__mulhi((I)((u)i * (u)i), ((((U)3ull) > y) ? v5 : i)) & 0xffff) | 1)); } else { v0 = __brev((((y <= x) ? v0 : v0) % (u)641)); v5 = (I)((u)(I)(signed char)((I)((u)((I)32ull) * (u)v5)) ^ (u)(I)((u)(((I)4294967295ull) / (I)7) << ((I)((u)i & (u)v5) & 31))); } } break; case 6: { for (u k17 = 0; k17 < (__popc(v0) & 7) + 1; k17++) { if (v2 < 1e-39f) break; { v6 = (((__popc(v0) < ((v4 < v4) ? v0 : ((u)255ull))) != (v3 < ((L)1000ull))) ? ((v4 != v1) ? (L)(signed char)(v6) : __mul64hi(v6, v6)) : to_L((F)(v4))); v3 = __mul64hi((L)(signed char)(__mul64hi(v6, ((L)2147483648ull))), (to_L(1e-39f) / (L)7)); } } }  case 5: { v5 = dot4((u)((u)((((U)3ull) != x) ? v0 : v0) | (u)__brev(v0)), ((v6 >= v3) ? ((v2 == v2) ? v0 : v0) : __brev(v0)), (__ffs(((u)3ull)) / (bits_of(v2) | 1))); switch ((u)((u)(u)((u)v0 ^ (u)v0) << (program4_0(((I)31ull), y) & 31)) & 7) { case 3: { v6 = (((((v0 < v0) ? -1e300 : v1) >= (v1 * 1e-310)) != (1. == v1)) ? to_L((v2 - v2)) : __mul64hi((v3 >> (v6 & 63)), ((i >= v5) ? v6 : v3))); } break; case 1: { v5 = ((dot4(__funnelshift_l(v0, v0, v0), ((v2 >= v2) ? v0 : v0), __popc(v0)) >> 1) % ((((i != v5) ? ((1e-3f == v2) ? i : i) : to_I(v2)) & 0xffff) | 1)); } break; case 6: { v3 = __mul64hi(((i > v5) ? __mul64hi(v3, v3) : to_L(v2)), ((((u)4294967295ull) > ((u)255ull)) ? (L)((U)v6 - (U)((L)0ull)) : to_L(v2))); } break; case 2: { v6 = __mul64hi((L)((U)(L)((U)v3 + (U)v6) * (U)(v6 / (L)10)), (to_L(v2) / (L)10)); v6 = (L)((u)((u)(u)(v3) << ((((u)255ull) % (v0 | 1)) & 31))); } break; case 4: { v5 = (((v2 <= 0.f) ? ((((L)32ull) == v6) ? i : i) : ((v5 >> 1) % ((((I)5ull) & 0xffff) | 1))) >> (dot4(program4_0(i, x), __brev(v0), ((y == y) ? v0 : ((u)9223372036854775808ull))) & 31)); }  default: total++; } }  default: total++; } array[__popc(((((L)255ull) >= v6) ? v0 : ((u)2ull))) & 7] ^= ((v0 / (v0 | 1)) >> (((i <= i) ? v0 : v0) & 31)); total += array[__popc(((((L)255ull) >= v6) ? v0 : ((u)2ull))) & 3]; } else { v3 = __mul64hi((L)((U)((((L)31ull) >> 1) / ((v3 & 0xffff) | 1)) | (U)(L)((U)((L)3ull) << (v6 & 63))), __mul64hi(to_L(v2), __mul64hi(((L)15776278630404569087ull), v3))); switch (((u)(signed char)(v0) >> (__clz(v0) & 31)) & 7) { case 1: { v0 = (u)(to_U(((v2 <= v2) ? 1e-39f : v2))); }  case 0: { v4 = floor(((3.25e17 * v4) / ((v1 >= v1) ? 1e-310 : v4))); }  case 2: { v4 = (floor((v1 - v1)) + ((v1 + v4) - (v1 * v4))); array[(u)((u)__clz(v0) & (u)(u)((u)v0 & (u)((u)1000ull))) & 7] ^= (u)((u)program4_0(v5, x) | (u)__clz(v0)); total += array[(u)((u)__clz(v0) & (u)(u)((u)v0 & (u)((u)1000ull))) & 3]; } break; case 3: { for (u k18 = 0; k18 < ((u)((u)((u)9223372036854775808ull) & (u)v0) & 7) + 1; k18++) { if (v5 == v5) continue; { v5 = (__mulhi(__mulhi(((I)4294967295ull), ((I)2ull)), __mulhi(v5, i)) >> ((I)((((U)255ull) / (x | 1))) & 31)); } } }  case 5: { if ((I)(v3) <= __mulhi(v5, v5)) { v4 = (from_bits_64(bits_of(v4)) - (D)(__mulhi(i, i))); v1 = (least((v1 * v1), (D)(v2)) / ((v4 / v1) * ((y == y) ? v1 : -1.5))); } else { v0 = (((U)((U)y ^ (U)x) != to_U(v2)) ? (program4_0(i, y) % (__umulhi(v0, ((u)8999515773861676055ull)) | 1)) : (__ffs(v0) % (u)7)); v0 = __usad(__umulhi(__ffs(v0), (u)(signed char)(((u)2147483648ull))), ((v0 == v0) ? (u)((u)v0 ^ (u)v0) : __brev(v0)), ((v2 > v2) ? __umulhi(v0, ((u)7669300333272442454ull)) : (u)((u)((u)3ull) << (v0 & 31)))); } for (u k19 = 0; k19 < (__funnelshift_rc(v0, ((u)2ull), v0) & 7) + 1; k19++) { if (v0 < v0) break; { v2 = (((U)(unsigned short)(x) >= (x % (y | 1))) ? floorf((-1e30f / v2)) : most((v2 + v2), (v2 / v2))); v3 = __mul64hi(((L)(unsigned short)(v6) >> (to_L(1.f) & 63)), __mul64hi((L)(unsigned short)(v6), (L)((U)((L)2147483648ull) << (v3 & 63)))); } } } break; default: total++; } }
    switch ((u)((u)__brev(v0) * (u)(u)((u)v0 << (((u)1000ull) & 31))) & 7) { case 6: { v1 = least(((v1 + v4) - (v4 - v4)), fabs(fabs(v1))); v6 = (L)((U)to_L((v2 + v2)) << (__mul64hi((L)(unsigned short)(v6), (v6 / (L)10)) & 63)); }  case 5: { if (((L)(x) >= (L)(unsigned short)(((L)5ull))) && ((v0 <= v0) != (v1 >= v1))) { v5 = to_I((fmaf(v2, v2, v2) * (v2 * v2))); } else { v1 = ((((((L)1000ull) >> 1) / ((v3 & 0xffff) | 1)) >= (v3 % (L)7)) ? ((v5 == v5) ? (v4 / v1) : (v1 / v4)) : from_bits_64((U)((U)((U)5ull) << (((U)2ull) & 63)))); v6 = (L)(dot4((u)((u)v0 << (v0 & 31)), (v0 / (u)10), __byte_perm(v0, ((u)1000ull), v0))); } } break; case 4: { switch (__brev((((u)3ull) % (u)10)) & 7) { case 5: { if (((((I)1ull) >= v5) ? i : v5) <= ((v2 != v2) ? v5 : i)) { v0 = (((dot4(v0, v0, ((u)255ull)) > dot4(v0, v0, v0)) || (v2 > v2)) ? (u)((u)(u)(signed char)(((u)2ull)) & (u)(u)((u)((u)3ull) ^ (u)v0)) : __brev(__usad(v0, v0, ((u)255ull)))); } else { v6 = ((L)((U)((y >= x) ? ((L)2147483648ull) : ((L)1000ull)) | (U)to_L(v2)) / (L)7); v2 = (F)(((v2 <= v2) ? ((((I)1000ull) < v5) ? 0. : 1e-310) : least(v1, v4))); } for (u k20 = 0; k20 < ((v0 % (((u)2147483647ull) | 1)) & 7) + 1; k20++) { if ((v6 < v3) || (v2 != v2)) continue; { v6 = (L)(__umul64hi(__umul64hi(x, x), to_U(v2))); } } }  case 3: { for (u k21 = 0; k21 < ((v0 / (u)7) & 7) + 1; k21++) { if (v4 == v4) continue; { v0 = program4_0(((I)(v0) % (I)10), ((x > x) ? (U)((U)((U)9223372036854775808ull) << (x & 63)) : program4_1(((U)2147483648ull), v6))); } } if (program4_1(x, v6) >= (U)((U)x + (U)x)) { v0 = __clz(__umulhi((u)((u)v0 | (u)((u)4294967295ull)), (u)((u)v0 + (u)v0))); v3 = (L)((U)(unsigned short)((((U)31ull) / (U)7))); } else { v1 = ((((((U)3ull) < x) ? v1 : v1) + (v1 * v4)) / ((v4 * 3.25e17) * ((((L)255ull) > v6) ? v4 : 3.25e17))); v4 = sqrt(((v1 + v1) * (1e-3 - v1))); } }  case 0: { array[bits_of((v2 * 3.25e7f)) & 7] ^= to_u(((x <= x) ? v2 : v2)); total += array[bits_of((v2 * 3.25e7f)) & 3]; }  case 1: { switch (to_u((v2 - v2)) & 7) { case 6: { v6 = __mul64hi(((((L)32ull) == ((L)31ull)) ? to_L(v2) : (L)(((u)255ull))), to_L(from_bits(v0))); v2 = (sqrtf((v2 - v2)) - ((v2 / v2) * (v2 - v2))); }  case 1: { v6 = (L)(((I)((u)((I)31ull) * (u)((I)4294967295ull)) >> (to_I(-1.5f) & 31))); v3 = (L)(unsigned short)((L)(__byte_perm(v0, ((u)10332642739086109442ull), v0))); }  case 7: { v0 = (u)(to_L(floorf(v2))); } break; case 0: { v4 = (((v2 - v2) <= (v2 + v2)) ? ((v1 + v1) + (v4 + v1)) : sqrt(fabs(v1))); v1 = (fabs(from_bits_64(x)) / ((v4 * v1) * (v4 / v4))); } break; case 4: { v3 = (L)((U)(((v3 >> (v6 & 63)) >> 1) / ((((v3 >> 1) % ((v6 & 0xffff) | 1)) & 0xffff) | 1)) + (U)(L)((U)to_L(1e-39f) << ((v3 >> (((L)3ull) & 63)) & 63))); v1 = most((floor(v1) / most(1e-310, 0.)), (((v0 >= v0) != (1e-3f <= v2)) ? least(v4, v4) : ((v1 <= v1) ? v4 : 0.))); }  default: total++; } array[((v0 >= v0) ? __umulhi(v0, v0) : __usad(v0, v0, v0)) & 7] ^= ((-1e300 < v4) ? (u)(signed char)(((u)1000ull)) : (u)((u)v0 << (v0 & 31))); total += array[((v0 >= v0) ? __umulhi(v0, v0) : __usad(v0, v0, v0)) & 3]; } break; case 7: { v5 = (((I)((u)((v5 > v5) ? v5 : v5) << (((v5 >> 1) / ((v5 & 0xffff) | 1)) & 31)) >> 1) % ((__mulhi((i / (I)641), __mulhi(((I)1ull), v5)) & 0xffff) | 1)); for (u k22 = 0; k22 < (((v3 < v3) ? v0 : v0) & 7) + 1; k22++) { if (((I)255ull) > v5) break; { v2 = (from_bits(__umulhi(((u)0ull), v0)) + ((v2 + v2) / least(v2, v2))); v1 = (((D)(i) == (v1 * v1)) ? ((v1 - v1) + (v1 * v4)) : (((i != ((I)2ull)) ? v1 : 3.25e17) * (v1 / v4))); } } } break; default: total++; } } break; case 3: { array[(((v4 < v4) != (v4 != v1)) ? (u)(((U)31ull)) : __popc(v0)) & 7] ^= ((0.f >= v2) ? (v0 % (((u)0ull) | 1)) : ((v0 >= ((u)1ull)) ? v0 : v0)); total += array[(((v4 < v4) != (v4 != v1)) ? (u)(((U)31ull)) : __popc(v0)) & 3]; if ((from_bits(v0) < (v2 * v2)) && (x <= ((U)31ull))) { v4 = sqrt((least(v4, v1) + (v4 - 1e-310))); } else { v1 = (D)((truncf(1.f) * fabsf(v2))); } } break; case 2: { v2 = (((v2 - 3.25e7f) == fabsf(v2)) ? least(least(v2, v2), (3.25e7f * 0.f)) : ((-1.5 >= v4) ? (v2 * 1.f) : (v2 + v2))); v0 = ((u)(signed char)((u)(y)) >> (__popc(((v2 >= v2) ? ((u)3ull) : v0)) & 31)); } break; default: total++; }
    for (u k23 = 0; k23 < (__usad(((u)2147483648ull), v0, v0) & 7) + 1; k23++) { if ((-1.5f <= v2) && (v4 >= v4)) break; { if (__byte_perm(v0, v0, ((u)2147483648ull)) < (((u)2147483647ull) % (v0 | 1))) { v1 = ((fma(v4, v4, v4) / (v4 - 1e-310)) / ((v4 - v4) * (v4 + v1))); } else { for (u k24 = 0; k24 < ((u)(v5) & 7) + 1; k24++) { if (v2 > 1e-3f) continue; { v0 = __funnelshift_l(__ffs(__funnelshift_rc(v0, ((u)255ull), v0)), (u)((u)(v0 % (v0 | 1)) << (__umulhi(v0, ((u)2147483647ull)) & 31)), ((u)((u)v0 & (u)v0) / (u)641)); } } } } }
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)bits_of(v1);
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)v3;
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)v5;
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program4)
APART U program5_0(U x0, I x1) { return __umul64hi((U)((U)((U)2147483648ull) * (U)x0), to_U(3.25e7f)); }
APART D program5_1(I x0, F x1) { return (D)(most(x1, 1.f)); }
HERE U program5(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = __usad((u)(unsigned short)(((u)5ull)), __umulhi(((u)2147483647ull), ((u)11908867248285694885ull)), __byte_perm(((u)5ull), ((u)2ull), ((u)9223372036854775808ull)));
    D v1 = (most(-1e300, -1e300) * ((((u)3ull) > v0) ? -1.5 : 1e-3));
    F v2 = ((1e-39f * 0.f) * (3.25e7f / -1e30f));
    u v3 = __byte_perm((u)(signed char)(v0), __funnelshift_rc(v0, v0, v0), (u)(((L)31ull)));
    u v4 = to_u(((((L)2ull) >= ((L)1ull)) ? v2 : v2));
    D v5 = ((1e-310 * 3.25e17) * (v1 / v1));
    I v6 = (I)((u)((u)v4 ^ (u)((u)1ull)));
    for (u k25 = 0; k25 < ((u)((u)v3 - (u)v4) & 7) + 1; k25++) { if (((I)2ull) < v6) break; { v3 = __usad((u)(unsigned short)(((v1 <= v5) ? v0 : v3)), (((v4 <= v0) && (v1 != v1)) ? __funnelshift_rc(v3, v0, v4) : (u)((u)v4 << (v4 & 31))), (u)(((((U)32ull) != x) ? v6 : v6))); v2 = ((((v2 <= v2) ? v2 : 1e-3f) - (1.f * 1e-3f)) * (sqrtf(v2) - (v2 - v2))); } }
    v1 = (((x < y) ? from_bits_64(y) : (v5 - v1)) * (((((L)4294967295ull) <= ((L)255ull)) ? v1 : v1) * ((((I)255ull) == i) ? v5 : v5)));
    switch (((u)(x) >> ((v3 >> (v0 & 31)) & 31)) & 7) { case 1: { v2 = ((floorf(1.f) / truncf(3.25e7f)) - from_bits(__usad(v3, v3, v0))); if ((v5 * v1) >= (v1 / v5)) { if (((L)((U)((L)255ull) ^ (U)((L)3ull)) <= (L)((U)((L)3ull) | (U)((L)2ull))) && ((((L)1000ull) <= ((L)31ull)) && (((U)31ull) == y))) { v4 = (__byte_perm(((y < y) ? v4 : v3), (u)(signed char)(((u)5ull)), ((v2 > v2) ? v0 : v0)) / ((((((L)2ull) > ((L)2ull)) != (y > x)) ? ((x > x) ? v4 : ((u)5ull)) : (u)((u)v0 & (u)((u)1ull))) | 1)); v3 = __clz((__brev(v0) >> (__ffs(v3) & 31))); } else { v3 = bits_of(((v2 / 0.f) / ((v5 < v1) ? v2 : v2))); } v1 = (fabs((v1 / v1)) / fma((v5 * v5), fabs(v5), (v1 / 3.25e17))); } else { if ((to_U(v2) <= __umul64hi(y, y)) || ((v5 > v5) != (((U)2147483647ull) >= y))) { v1 = from_bits_64((U)((U)(U)((U)x * (U)x) << ((y / (x | 1)) & 63))); } else { v1 = (((v5 / -1.5) - most(v5, v1)) + program5_1((I)((u)((I)32ull) << (v6 & 31)), (v2 * v2))); } } }  case 7: { array[(u)((u)__brev(v4) + (u)(u)(unsigned short)(v3)) & 7] ^= __ffs((u)((u)v4 & (u)v4)); total += array[(u)((u)__brev(v4) + (u)(u)(unsigned short)(v3)) & 3]; }  case 4: { array[(u)(signed char)((u)((u)((u)6704842430855963874ull) * (u)v0)) & 7] ^= __ffs(__usad(v4, v3, v0)); total += array[(u)(signed char)((u)((u)((u)6704842430855963874ull) * (u)v0)) & 3]; } break; case 3: { v6 = (((I)((u)i & (u)((I)1000ull)) % (I)641) / (I)7); v2 = fmaf(((v2 - v2) / fabsf(v2)), rintf((F)(v1)), least(((v2 > v2) ? v2 : v2), rintf(v2))); }  case 2: { v5 = (((v1 / v1) * ((v1 > v5) ? v5 : v5)) + (fma(1e-310, v5, v5) * (v5 / v1))); }  default: total++; }
    switch ((u)((u)__byte_perm(v3, v4, v0) << ((u)((u)v4 & (u)v4) & 31)) & 7) { case 6: { if ((U)((U)y << (y & 63)) != __umul64hi(y, x)) { v4 = (u)((u)(u)((u)((((u)2147483647ull) < v4) ? v0 : ((u)1ull)) & (u)(v3 >> (v3 & 31))) << (((u)(signed char)(((u)0ull)) >> ((v0 / (u)641) & 31)) & 31)); } else { v4 = ((((v5 + 1.) == (v5 - v5)) && (((U)0ull) > ((U)32ull))) ? __popc(__ffs(v3)) : (u)((u)(u)((u)v4 - (u)((u)9223372036854775808ull)) & (u)__funnelshift_rc(v4, v3, v4))); } array[__clz((u)(y)) & 7] ^= (__usad(v3, v3, v3) % ((u)(((L)9223372036854775808ull)) | 1)); total += array[__clz((u)(y)) & 3]; } break; case 0: { v0 = (u)((u)(((y != ((U)3ull)) != (((L)9223372036854775808ull) <= ((L)4294967295ull))) ? __ffs(((u)0ull)) : (v3 >> (v3 & 31))) << ((u)((u)__funnelshift_rc(v0, ((u)1480948919188901147ull), v4) << (__ffs(((u)4294967295ull)) & 31)) & 31)); v3 = (((floorf(1e-39f) != (v2 - v2)) || (y < y)) ? (u)((u)__funnelshift_l(v3, v4, v0) | (u)((v4 < v3) ? v0 : v0)) : bits_of((v2 / v2))); } break; case 3: { v1 = ((dot4(v3, v4, ((u)1000ull)) >= (I)(v4)) ? (((v1 != v5) ? v1 : v1) - (v5 + v5)) : ((v5 + v5) * (1e-310 / v1))); switch (__clz((u)((u)v0 * (u)v4)) & 7) { case 6: { switch (((v0 / (v4 | 1)) >> ((u)((u)v4 << (v4 & 31)) & 31)) & 7) { case 6: { v1 = floor((((x < x) || (((u)2ull) < v3)) ? fma(-1e300, v5, v1) : (v1 - v5))); } break; case 3: { v4 = __clz(((v5 > 1e-310) ? (v4 % (u)641) : (v3 % (v3 | 1)))); v0 = __funnelshift_l(__funnelshift_rc(__umulhi(v4, v3), __funnelshift_l(v3, ((u)2147483648ull), ((u)4294967295ull)), (v4 % (v4 | 1))), __brev((u)((u)v4 << (v4 & 31))), (u)((u)(u)(unsigned short)(v4) + (u)__funnelshift_l(((u)1000ull), v4, v0))); }  case 0: { v5 = (((v4 == v0) ? (v5 - v1) : (v1 * v5)) * (floor(v1) * most(v1, v1))); } break; case 1: { v3 = __funnelshift_rc(__funnelshift_rc((v4 % (u)7), (u)(unsigned short)(v0), ((((L)3ull) > ((L)255ull)) ? v4 : ((u)9223372036854775808ull))), __funnelshift_rc(((v6 != ((I)5ull)) ? v0 : v3), ((y == x) ? v3 : ((u)255ull)), (u)((u)v3 * (u)v0)), ((x > x) ? __umulhi(v0, v0) : __brev(v3))); }  case 5: { v3 = (u)((u)(((y == y) ? v4 : v0) >> ((u)(unsigned short)(v4) & 31)) + (u)to_u(from_bits(v3))); v0 = (u)((u)__funnelshift_rc((u)((u)v3 * (u)((u)16027012740888818706ull)), (u)((u)v0 ^ (u)((u)4294967295ull)), to_u(v2)) * (u)bits_of(sqrtf(v2))); }  default: total++; } }  case 4: { v5 = (D)(__mulhi((I)(v0), to_I(v2))); }  case 2: { v3 = (((v4 >> (v0 & 31)) / (((0. > v5) ? ((u)32ull) : ((u)1000ull)) | 1)) >> ((u)((u)(u)(((L)2147483648ull)) ^ (u)(u)(signed char)(v3)) & 31)); for (u k26 = 0; k26 < ((v3 % (v4 | 1)) & 7) + 1; k26++) { if (x <= y) continue; { v2 = least(((v2 / 1e-39f) - rintf(v2)), sqrtf(truncf(v2))); } } }  case 3: { switch ((((v5 > v5) || (v5 < v1)) ? (v0 / (u)641) : (v3 / (v4 | 1))) & 7) { case 3: { v6 = to_I((((v6 == v6) ? v2 : v2) - (v2 + 3.25e7f))); } break; case 5: { v3 = __funnelshift_l(__funnelshift_l((v4 / (u)7), __umulhi(((u)5ull), v0), to_u(v2)), (u)((u)(v0 % (u)641) - (u)__usad(v4, v4, v4)), ((v3 % (u)641) / (u)10)); }  case 2: { v6 = ((((I)((u)i ^ (u)((I)31ull)) >> 1) / ((to_I(1e-39f) & 0xffff) | 1)) % (I)7); v1 = (((((L)5ull) == ((L)2ull)) ? (v5 * v5) : ((((L)32ull) != ((L)2147483647ull)) ? v5 : v1)) / (least(v1, v1) + (v1 * v5))); } break; case 4: { v4 = __usad(bits_of((v2 - v2)), ((u)(signed char)(v0) / (__umulhi(((u)3ull), v4) | 1)), (((v2 >= v2) != (v0 == ((u)1000ull))) ? (u)((u)v4 << (v4 & 31)) : (u)((u)v3 | (u)((u)2147483647ull)))); } break; case 6: { v1 = (D)((I)(program5_0(y, i))); v0 = __clz((((x != x) ? v3 : v4) / (__funnelshift_l(((u)3ull), v3, v3) | 1))); }  default: total++; } v5 = (fma((v5 * v1), ((v6 < v6) ? v5 : v5), ((x <= x) ? v1 : v5)) + program5_1(((i >> 1) / ((v6 & 0xffff) | 1)), sqrtf(3.25e7f))); } break; case 0: { v6 = dot4(__brev((u)(signed char)(v4)), ((u)((u)v4 - (u)((u)5ull)) >> (__clz(v4) & 31)), __funnelshift_rc(((v6 == i) ? v3 : ((u)2147483648ull)), (v3 >> (v3 & 31)), ((x < y) ? ((u)15477846148419476239ull) : v4))); array[(u)((L)((U)((L)11632321963100572564ull) << (((L)1ull) & 63))) & 7] ^= bits_of((v2 * v2)); total += array[(u)((L)((U)((L)11632321963100572564ull) << (((L)1ull) & 63))) & 3]; }  default: total++; } }  case 7: { v4 = __umulhi((u)(unsigned short)(__clz(v0)), to_u(most(v2, v2))); }  case 1: { switch (__funnelshift_l(__clz(v3), __clz(((u)255ull)), (((u)4294967295ull) / (u)641)) & 7) { case 1: { v0 = (((__mul64hi(((L)2147483647ull), ((L)5ull)) == __mul64hi(((L)2147483648ull), ((L)255ull))) != (((L)1000ull) >= ((L)32ull))) ? (u)(signed char)((u)((u)v0 ^ (u)((u)31ull))) : ((((U)32ull) >= ((U)1ull)) ? to_u(v2) : (u)((u)v0 - (u)v4))); } break; case 6: { switch ((u)((u)__funnelshift_rc(v0, v0, v3) * (u)(u)(signed char)(v3)) & 7) { case 7: { v5 = (sqrt(floor(v5)) - ((D)(v2) - (v5 / -1.5))); }  case 1: { v0 = (u)((I)((u)(I)((u)i & (u)v6) << ((v6 >> (((I)2147483647ull) & 31)) & 31))); v6 = (I)((__mul64hi(((L)2147483647ull), ((L)9223372036854775808ull)) >> (((((L)5ull) >> 1) % ((((L)1000ull) & 0xffff) | 1)) & 63))); } break; case 3: { v0 = (((u)(v6) < (u)(unsigned short)(v4)) ? (u)((u)__brev(v4) ^ (u)(v0 % (u)641)) : (u)((u)(v3 >> (v4 & 31)) | (u)(u)(signed char)(v3))); }  case 5: { v2 = truncf((floorf(v2) * (v2 * v2))); v1 = fma((D)(((((L)3ull) <= ((L)13525253410115469508ull)) ? i : v6)), ((D)(3.25e7f) / least(v5, 1e-310)), ((v5 * v5) - (v1 / v1))); }  case 4: { v3 = __funnelshift_l((u)(unsigned short)((v3 >> (v0 & 31))), (__usad(((u)10784052843298419810ull), v4, v4) % (u)7), ((u)((u)v0 << (v4 & 31)) >> ((u)((u)v3 ^ (u)((u)2147483647ull)) & 31))); }  default: total++; } v1 = (((y <= x) ? ((v5 >= v5) ? v1 : v1) : from_bits_64(x)) - ((v0 == v3) ? sqrt(v5) : (v1 * -1.5))); }  case 5: { v4 = __ffs(__popc(((y == x) ? ((u)9223372036854775808ull) : v0))); v3 = ((((((L)18140676249444378596ull) / (L)641) >= to_L(v2)) || (v4 > v3)) ? __funnelshift_rc((u)((u)v0 | (u)v4), (u)((u)v4 * (u)v3), (u)(unsigned short)(v3)) : (u)((u)(v4 / (v3 | 1)) + (u)(u)((u)v0 * (u)v0))); } break; case 4: { if (((v0 == ((u)9223372036854775808ull)) ? v2 : v2) <= (v2 - v2)) { v3 = (u)(bits_of((D)(i))); } else { v1 = (from_bits_64(to_U(v2)) - sqrt(((v2 <= v2) ? -1.5 : v5))); v0 = (u)(((__mulhi(i, v6) >> 1) % ((__mulhi(((I)2ull), ((I)9223372036854775808ull)) & 0xffff) | 1))); } } break; case 0: { array[((v2 < v2) ? __umulhi(v4, v0) : (u)((u)((u)5ull) * (u)v4)) & 7] ^= (u)((u)__usad(((u)2ull), v4, ((u)255ull)) * (u)(u)((u)v3 * (u)v0)); total += array[((v2 < v2) ? __umulhi(v4, v0) : (u)((u)((u)5ull) * (u)v4)) & 3]; for (u k27 = 0; k27 < ((v0 / (u)3) & 7) + 1; k27++) { if (((U)0ull) < y) continue; { v0 = to_u(from_bits(__clz(v0))); v3 = __ffs(__umulhi(__funnelshift_rc(v4, v0, ((u)32ull)), (u)(x))); } } } break; default: total++; } } break; default: total++; }
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)bits_of(v1);
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)v3;
    total = total * 31 + (U)v4;
    total = total * 31 + (U)bits_of(v5);
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program5)
APART U program6_0(u x0, U x1) { return bits_of((D)(-1.5f)); }
APART D program6_1(F x0, L x1) { return least((1e-3 - 0.), ((((I)9223372036854775808ull) <= ((I)32ull)) ? -1.5 : -1e300)); }
HERE U program6(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = (((((u)255ull) <= ((u)11201582650438837357ull)) ? ((u)3ull) : ((u)5ull)) / (((((u)2147483647ull) != ((u)2147483647ull)) ? ((u)2147483647ull) : ((u)2ull)) | 1));
    L v1 = ((__mul64hi(((L)32ull), ((L)2147483647ull)) >> 1) / (((L)((U)((L)8839968341510665324ull) << (((L)5ull) & 63)) & 0xffff) | 1));
    F v2 = (from_bits(((u)1ull)) + (-1.5f / 1.f));
    L v3 = to_L(least(3.25e7f, v2));
    D v4 = ((1e-3 + 1.) + (-1e300 / 1.));
    I v5 = (__mulhi(i, i) >> (dot4(v0, v0, v0) & 31));
    u v6 = (u)((u)((((L)9223372036854775808ull) <= v1) ? v0 : v0) << ((u)((u)v0 & (u)v0) & 31));
    array[__funnelshift_rc(((v1 != v3) ? v6 : v0), __popc(v6), __ffs(v0)) & 7] ^= (u)(unsigned short)((u)(signed char)(v6)); total += array[__funnelshift_rc(((v1 != v3) ? v6 : v0), __popc(v6), __ffs(v0)) & 3];
    v0 = __funnelshift_rc((__byte_perm(v6, v0, v6) % ((v6 / (u)7) | 1)), ((v0 / (v6 | 1)) >> ((u)((u)v0 + (u)v6) & 31)), (__usad(v0, v0, v6) / ((u)(signed char)(v0) | 1)));
    v5 = (I)((u)((((I)1000ull) >> (v5 & 31)) >> ((I)(((L)31ull)) & 31)) + (u)__mulhi((I)((u)v5 * (u)i), (v5 >> (((I)5ull) & 31))));
    for (u k28 = 0; k28 < (__funnelshift_l(v0, ((u)1000ull), v0) & 7) + 1; k28++) { if (v0 < v0) continue; { v2 = (((v2 + v2) + (v2 - v2)) - floorf((v2 / v2))); for (u k29 = 0; k29 < (__brev(v6) & 7) + 1; k29++) { if (y <= x) break; { v6 = (((1.f - v2) > (v2 - v2)) ? (__funnelshift_l(v0, v0, v6) >> (((v2 > v2) ? v0 : v0) & 31)) : (((((L)2147483648ull) >= v1) && (v4 != v4)) ? __funnelshift_rc(v0, v6, ((u)3ull)) : bits_of(3.25e7f))); } } } }
    array[(u)(((v3 > v3) ? i : i)) & 7] ^= __umulhi(__umulhi(v6, ((u)14206784731680261223ull)), bits_of(v2)); total += array[(u)(((v3 > v3) ? i : i)) & 3];
    array[(((v3 == v3) ? v0 : ((u)1000ull)) % (__clz(v6) | 1)) & 7] ^= to_u((1.f / v2)); total += array[(((v3 == v3) ? v0 : ((u)1000ull)) % (__clz(v6) | 1)) & 3];
    v0 = ((u)((u)__popc(v6) & (u)(u)(v1)) % (__umulhi(((x > x) ? v6 : v6), ((v2 < v2) ? v0 : v0)) | 1));
    array[(u)((I)(signed char)(v5)) & 7] ^= (__brev(v6) / (u)641); total += array[(u)((I)(signed char)(v5)) & 3];
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)v3;
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)v5;
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program6)
HERE U program7(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = (__usad(((u)3ull), ((u)255ull), ((u)5ull)) % (u)641);
    L v1 = __mul64hi((((L)5ull) >> (((L)5ull) & 63)), ((((L)2147483648ull) >> 1) / ((((L)2147483647ull) & 0xffff) | 1)));
    U v2 = (__umul64hi(y, y) >> ((U)((U)y & (U)y) & 63));
    F v3 = truncf((F)(-1e300));
    D v4 = ((v1 > v1) ? (-1.5 / 0.) : fabs(-1e300));
    I v5 = dot4((u)(signed char)(v0), (u)(i), (u)(signed char)(v0));
    F v6 = ((F)(v4) + ((v3 == v3) ? v3 : v3));
    v3 = (fabsf((v3 + v3)) * ((v6 - v6) / (v3 + 3.25e7f)));
    v4 = most(((1e-310 / v4) - ((((u)0ull) > ((u)2147483648ull)) ? 1e-310 : 0.)), least(from_bits_64(y), (v4 + v4)));
    if ((floorf(v3) != floorf(v6)) || (v1 == v1)) { v3 = ((((((u)2147483648ull) / (((u)2ull) | 1)) >= __funnelshift_l(v0, v0, v0)) && ((v4 != v4) || (v0 != v0))) ? from_bits(__umulhi(v0, v0)) : least(least(v3, -1.5f), (v3 - v6))); v6 = from_bits(__ffs(__byte_perm(v0, v0, v0))); } else { v1 = (L)(unsigned short)((L)(signed char)((v1 % (L)641))); v1 = (L)(unsigned short)(__mul64hi(__mul64hi(v1, ((L)3ull)), __mul64hi(v1, v1))); }
    v2 = __umul64hi(bits_of(fma(v4, v4, v4)), to_U(floorf(v6)));
    if (to_L(v3) == __mul64hi(v1, ((L)3ull))) { v2 = (U)((U)to_U((1e-39f * v3)) << (to_U(((v2 < ((U)1ull)) ? v3 : 1e-3f)) & 63)); } else { v6 = (((v6 + 3.25e7f) >= (F)(v4)) ? ((v3 < v6) ? ((1.f > -1e30f) ? v3 : v3) : least(v3, v3)) : truncf((v6 - v3))); }
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)v2;
    total = total * 31 + (U)bits_of(v3);
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)v5;
    total = total * 31 + (U)bits_of(v6);
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program7)
APART U program8_0(D x0, u x1) { return (U)(to_I(3.25e7f)); }
APART F program8_1(L x0, u x1) { return (((((I)9223372036854775808ull) < ((I)4294967295ull)) ? 0.f : 1e-3f) + (1e-3f + 3.25e7f)); }
HERE U program8(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = to_u((1e-3f * -1e30f));
    U v1 = ((((U)5ull) % (y | 1)) >> (to_U(1.f) & 63));
    D v2 = (floor(0.) - least(-1.5, 3.25e17));
    U v3 = (to_U(1e-39f) / (U)641);
    U v4 = (U)((U)program8_0(v2, v0) * (U)(x >> (((U)6424616695662604106ull) & 63)));
    F v5 = floorf((-1.5f / 0.f));
    F v6 = ((v5 / v5) / (-1.5f + v5));
    for (u k30 = 0; k30 < (((v4 != x) ? v0 : v0) & 7) + 1; k30++) { if (i < i) break; { v4 = to_U(truncf(most(v6, v6))); if ((i / (I)3) == dot4(((u)0ull), v0, v0)) { array[__usad(__ffs(((u)255ull)), __clz(v0), __brev(v0)) & 7] ^= __brev(__usad(((u)255ull), ((u)31ull), v0)); total += array[__usad(__ffs(((u)255ull)), __clz(v0), __brev(v0)) & 3]; } else { array[(u)((u)(u)((u)v0 + (u)v0) | (u)__clz(v0)) & 7] ^= __popc((((u)255ull) / (((u)2147483647ull) | 1))); total += array[(u)((u)(u)((u)v0 + (u)v0) | (u)__clz(v0)) & 3]; } } }
    switch ((__funnelshift_rc(v0, v0, v0) >> (to_u(v6) & 31)) & 7) { case 5: { array[(u)((u)(v0 % (u)7) | (u)(v0 % (u)641)) & 7] ^= (__umulhi(((u)1000ull), v0) / (u)10); total += array[(u)((u)(v0 % (u)7) | (u)(v0 % (u)641)) & 3]; v5 = (most(((v2 > 1.) ? v5 : v5), (v6 / v5)) + ((v5 / v5) * (v5 - v5))); }  case 4: { v1 = __umul64hi(((U)(unsigned short)(((U)1000ull)) >> (__umul64hi(((U)32ull), v4) & 63)), (__umul64hi(y, v1) % (to_U(1e-39f) | 1))); } break; case 6: { v3 = bits_of(floor((D)(v6))); } break; case 3: { array[((((L)3ull) == ((L)1000ull)) ? ((-1.5 <= v2) ? v0 : v0) : __byte_perm(v0, v0, v0)) & 7] ^= (u)((L)(signed char)(((L)31ull))); total += array[((((L)3ull) == ((L)1000ull)) ? ((-1.5 <= v2) ? v0 : v0) : __byte_perm(v0, v0, v0)) & 3]; v1 = ((U)((u)((u)v0 + (u)v0)) / (U)10); } break; case 1: { if ((I)((u)i - (u)i) != (I)((u)i - (u)i)) { v0 = (u)(bits_of(fma(v2, v2, v2))); } else { if ((3.25e7f / v5) >= ((v0 > v0) ? v5 : 3.25e7f)) { v4 = (U)(unsigned short)(((v3 / (v1 | 1)) / (bits_of(v2) | 1))); } else { v0 = (((v6 * v5) <= (1e-39f + 0.f)) ? __umulhi(__funnelshift_l(v0, v0, v0), (u)((u)v0 << (v0 & 31))) : ((v2 == -1.5) ? __clz(v0) : ((v5 == v6) ? v0 : v0))); } } if ((__mul64hi(((L)3ull), ((L)32ull)) <= (((L)5ull) >> (((L)0ull) & 63))) && (((I)2147483647ull) == i)) { v0 = __umulhi((__brev(v0) % ((v0 / (u)3) | 1)), __byte_perm(((i >= i) ? v0 : v0), ((((L)2147483648ull) > ((L)31ull)) ? v0 : v0), ((v3 <= v3) ? v0 : v0))); for (u k31 = 0; k31 < (__byte_perm(v0, v0, ((u)2147483648ull)) & 7) + 1; k31++) { if (((L)9223372036854775808ull) < ((L)2147483648ull)) continue; { v5 = (((3.25e17 >= v2) ? (v6 * v6) : fmaf(1e-3f, v5, v6)) * truncf(least(v5, v6))); v0 = (__umulhi((u)((u)v0 << (((u)0ull) & 31)), (u)((u)v0 | (u)((u)5ull))) >> ((__clz(v0) >> ((u)((u)v0 | (u)((u)0ull)) & 31)) & 31)); } } } else { array[(__popc(v0) % (u)641) & 7] ^= ((v0 % (v0 | 1)) >> ((u)(y) & 31)); total += array[(__popc(v0) % (u)641) & 3]; for (u k32 = 0; k32 < ((u)((u)v0 | (u)((u)1000ull)) & 7) + 1; k32++) { if ((((u)1ull) != v0) && (-1e30f >= v6)) continue; { v4 = (U)((U)(U)((U)to_U(v5) << ((U)((U)v3 & (U)v3) & 63)) & (U)(((v0 < v0) ? v3 : v3) / (U)7)); v5 = truncf(rintf(least(v6, 0.f))); } } } } break; default: total++; }
    v1 = ((U)(((i <= i) ? ((L)2147483648ull) : ((L)0ull))) / (((i != i) ? (y % (U)7) : (v3 >> (((U)9223372036854775808ull) & 63))) | 1));
    v5 = (((v2 <= v2) ? (v6 * v5) : least(v5, v5)) + ((v5 / v5) * (v6 + v6)));
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)v3;
    total = total * 31 + (U)v4;
    total = total * 31 + (U)bits_of(v5);
    total = total * 31 + (U)bits_of(v6);
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program8)
APART U program9_0(I x0, D x1) { return __umul64hi(__umul64hi(((U)1000ull), ((U)9223372036854775808ull)), (U)((U)((U)32ull) & (U)((U)2ull))); }
APART I program9_1(F x0, I x1) { return to_I(((x1 <= x1) ? x0 : x0)); }
HERE U program9(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = __popc(__umulhi(((u)255ull), ((u)4294967295ull)));
    L v1 = (L)((U)(L)((U)((L)5ull) + (U)((L)2147483647ull)) * (U)to_L(1e-39f));
    D v2 = floor(fma(-1.5, -1e300, 3.25e17));
    u v3 = bits_of((0.f / 1e-39f));
    u v4 = (u)(((x >= x) ? ((I)32ull) : i));
    U v5 = (U)((U)(U)((U)x * (U)x) << ((U)((U)y * (U)((U)9223372036854775808ull)) & 63));
    L v6 = (L)((u)((u)v3 << (v4 & 31)));
    for (u k33 = 0; k33 < (__usad(v4, v0, v0) & 7) + 1; k33++) { if (v2 != v2) continue; { v2 = (fma((v2 / 1e-3), fabs(v2), (-1e300 - v2)) + (least(v2, v2) / sqrt(v2))); v2 = ((D)((3.25e7f + 1e-3f)) / ((v2 - v2) / (0. - v2))); } }
    v3 = ((u)((u)bits_of(-1e30f) | (u)__umulhi(v4, v3)) % (u)7);
    if (to_U(1.f) < program9_0(i, v2)) { array[(((v4 > v3) ? v4 : v4) >> (__popc(v3) & 31)) & 7] ^= (((v3 != v3) ? v3 : v4) % (u)3); total += array[(((v4 > v3) ? v4 : v4) >> (__popc(v3) & 31)) & 3]; } else { v3 = (((x > x) ? __umulhi(v0, v0) : (v0 % (((u)9223372036854775808ull) | 1))) / ((u)(unsigned short)(__funnelshift_l(v0, v0, v0)) | 1)); v5 = program9_0((I)((u)to_I(0.f) << (to_I(0.f) & 31)), (from_bits_64(y) - (v2 - v2))); }
    array[(u)((u)(u)((u)v3 | (u)v0) & (u)__popc(v0)) & 7] ^= __brev(__ffs(v3)); total += array[(u)((u)(u)((u)v3 | (u)v0) & (u)__popc(v0)) & 3];
    switch (((v6 > v6) ? (u)(v5) : (u)((u)v4 * (u)v4)) & 7) { case 3: { for (u k34 = 0; k34 < (__funnelshift_rc(v4, v0, v3) & 7) + 1; k34++) { if (((I)31ull) != ((I)1ull)) break; { v5 = to_U(((1.f + 3.25e7f) / from_bits(v0))); switch (__popc((v3 >> (v0 & 31))) & 7) { case 5: { v2 = ((((i >> 1) / ((i & 0xffff) | 1)) >= ((i >= i) ? i : i)) ? sqrt(((v1 != v1) ? v2 : v2)) : (most(v2, v2) * (D)(3.25e7f))); }  case 7: { v0 = __usad(__byte_perm(__umulhi(v0, v3), (u)((u)v3 | (u)v0), __umulhi(((u)255ull), v3)), (__umulhi(v4, v3) >> ((u)(((U)2ull)) & 31)), __funnelshift_l((v0 / (u)10), (u)((u)v0 * (u)v3), ((((L)1000ull) == v1) ? v3 : ((u)32ull)))); v1 = to_L(rintf(((((L)4294967295ull) >= v1) ? 1e-39f : 0.f))); }  case 4: { v3 = __umulhi(__ffs(__funnelshift_rc(((u)3ull), v3, v0)), ((x >= ((U)2147483648ull)) ? (u)(x) : __usad(v4, v0, ((u)0ull)))); } break; case 6: { v6 = ((L)((U)__mul64hi(v1, v6) & (U)(L)(v4)) >> (((L)(v3) % (L)641) & 63)); } break; case 0: { v6 = __mul64hi(to_L((3.25e7f + 1.f)), (L)(signed char)(__mul64hi(v1, v6))); } break; default: total++; } } } v1 = __mul64hi(((to_L(1e-39f) >> 1) % ((__mul64hi(v6, v1) & 0xffff) | 1)), to_L(rintf(-1.5f))); } break; case 0: { v4 = (u)((u)((((L)9223372036854775808ull) == v1) ? bits_of(1.f) : (v4 >> (v0 & 31))) + (u)(u)(signed char)((u)((u)((u)0ull) << (v3 & 31)))); if ((1.f * 3.25e7f) <= ((i == i) ? 1e-39f : 1.f)) { if ((u)((u)v3 & (u)v4) < __clz(v0)) { v5 = (__umul64hi((U)((U)x - (U)x), (((U)1000ull) / (U)7)) / (U)3); } else { v5 = program9_0(__mulhi(__mulhi(i, i), to_I(1e-3f)), (((1e-3 >= v2) ? v2 : 0.) * most(v2, v2))); } } else { if (__mul64hi(v6, v6) < ((((U)9223372036854775808ull) < ((U)255ull)) ? v1 : v1)) { v0 = (u)((L)((U)__mul64hi(((L)1ull), v6) << ((L)(signed char)(v1) & 63))); } else { v3 = (__byte_perm((v4 >> (v3 & 31)), __usad(v3, v3, ((u)1000ull)), (u)(signed char)(v0)) % (__byte_perm((v3 >> (((u)2147483647ull) & 31)), (u)(x), __ffs(v4)) | 1)); } switch (__byte_perm(__clz(((u)9223372036854775808ull)), ((((U)5ull) < x) ? v0 : v0), __funnelshift_l(v3, ((u)1000ull), ((u)2ull))) & 7) { case 3: { v4 = __ffs((u)((u)((i < ((I)1ull)) ? v3 : v3) + (u)(u)((u)((u)2147483647ull) | (u)v3))); v5 = bits_of(((v2 / v2) + (v2 * -1e300))); } break; case 2: { v3 = __byte_perm((((x > y) ? v3 : v3) % (u)7), __umulhi((u)((u)v3 - (u)v0), to_u(1e-39f)), ((v2 > v2) ? __funnelshift_l(v3, v3, v3) : __byte_perm(v4, v0, v0))); } break; case 5: { v0 = (u)(unsigned short)(__funnelshift_l(__clz(v4), __funnelshift_rc(v4, v4, v0), ((v6 == v1) ? v0 : v3))); }  case 7: { v2 = ((D)(((v2 == 1e-3) ? ((I)255ull) : i)) * (((1e-3f == 3.25e7f) ? v2 : v2) / ((x == v5) ? v2 : v2))); v0 = ((((v2 > v2) ? i : i) < (I)(v1)) ? __funnelshift_l(__usad(((u)17507626243150584483ull), ((u)2ull), v4), to_u(-1.5f), (u)((u)v3 * (u)v3)) : (((v2 > 0.) != (v2 == v2)) ? (u)(signed char)(v3) : (v3 % (u)3))); } break; case 1: { v4 = __usad(__funnelshift_rc(to_u(-1.5f), (u)(signed char)(v0), ((((L)3950971980970424122ull) != ((L)5ull)) ? v3 : v0)), __clz((u)((u)v0 << (((u)2147483648ull) & 31))), __usad(to_u(-1e30f), __ffs(((u)0ull)), (u)((u)v0 + (u)v0))); } break; default: total++; } } } break; case 1: { for (u k35 = 0; k35 < (__clz(v0) & 7) + 1; k35++) { if (1e-3f > -1e30f) continue; { v2 = (sqrt(most(-1e300, v2)) / least(most(v2, -1.5), (1e-310 * 0.))); } } }  case 6: { if (((((I)1ull) != i) ? v6 : v1) > to_L(0.f)) { v1 = (((to_L(-1e30f) >> ((L)(v4) & 63)) >> 1) / ((__mul64hi(__mul64hi(((L)5ull), v6), to_L(3.25e7f)) & 0xffff) | 1)); v3 = (u)((u)(u)((L)(signed char)(v1)) & (u)__funnelshift_rc(__ffs(v0), __ffs(v0), to_u(1e-3f))); } else { array[(u)((u)(v0 % (((u)32ull) | 1)) + (u)(v4 >> (v3 & 31))) & 7] ^= __byte_perm((u)((u)v4 | (u)((u)0ull)), ((i == i) ? v3 : v4), (u)(y)); total += array[(u)((u)(v0 % (((u)32ull) | 1)) + (u)(v4 >> (v3 & 31))) & 3]; } } break; case 2: { if (__umul64hi(((U)31ull), x) != (y % (U)3)) { if (__umul64hi(v5, ((U)2ull)) > (U)(signed char)(x)) { v2 = (((v2 - v2) + (1e-3 / v2)) / sqrt(from_bits_64(y))); } else { v0 = (u)(signed char)((u)((L)(signed char)(v6))); } } else { array[((v0 >> (v4 & 31)) / (u)7) & 7] ^= __brev((v3 / (u)10)); total += array[((v0 >> (v4 & 31)) / (u)7) & 3]; v4 = bits_of(floorf(fabsf(0.f))); } array[(u)((u)__funnelshift_l(v0, ((u)2147483647ull), ((u)5ull)) << ((u)((u)v0 << (((u)255ull) & 31)) & 31)) & 7] ^= to_u((0.f + 0.f)); total += array[(u)((u)__funnelshift_l(v0, ((u)2147483647ull), ((u)5ull)) << ((u)((u)v0 << (((u)255ull) & 31)) & 31)) & 3]; } break; default: total++; }
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)v3;
    total = total * 31 + (U)v4;
    total = total * 31 + (U)v5;
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program9)
APART I program10_0(I x0, I x1) { return ((I)((u)x0 | (u)x1) / (I)10); }
HERE U program10(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = __usad(__funnelshift_rc(((u)1000ull), ((u)3ull), ((u)1000ull)), (u)((u)((u)5ull) & (u)((u)31ull)), __ffs(((u)255ull)));
    u v1 = (u)(signed char)(bits_of(-1.5f));
    U v2 = ((1e-3 >= 0.) ? (y >> (x & 63)) : (y % (x | 1)));
    U v3 = ((U)((U)v2 << (x & 63)) >> ((U)((U)((U)2ull) << (((U)0ull) & 63)) & 63));
    F v4 = (rintf(3.25e7f) + (1e-3f / -1.5f));
    D v5 = ((1. + 1.) - (1e-3 * 1e-310));
    u v6 = ((u)((u)v1 * (u)((u)1ull)) % (__funnelshift_l(v0, v0, v0) | 1));
    if ((bits_of(v5) == to_U(v4)) && ((i <= ((I)31ull)) != (v0 >= v1))) { v2 = (U)(unsigned short)(__umul64hi((U)(signed char)(v2), bits_of(v5))); array[__funnelshift_rc((u)((u)((u)1ull) - (u)v1), (u)((u)((u)31ull) << (v1 & 31)), __brev(v1)) & 7] ^= __funnelshift_rc(__funnelshift_l(v1, v6, v1), __clz(((u)2147483648ull)), (u)((u)((u)2ull) - (u)v0)); total += array[__funnelshift_rc((u)((u)((u)1ull) - (u)v1), (u)((u)((u)31ull) << (v1 & 31)), __brev(v1)) & 3]; } else { v2 = bits_of(least(most(1., v5), (v5 + v5))); }
    array[(u)((u)((v5 < v5) ? ((u)1ull) : v0) + (u)__usad(v6, v6, v0)) & 7] ^= __clz(__usad(v6, v1, v6)); total += array[(u)((u)((v5 < v5) ? ((u)1ull) : v0) + (u)__usad(v6, v6, v0)) & 3];
    v4 = (((U)((U)v3 << (v3 & 63)) != ((y != v2) ? x : y)) ? sqrtf((v4 - -1e30f)) : (fabsf(-1e30f) / rintf(1e-39f)));
    array[(u)(dot4(v0, v0, ((u)2147483648ull))) & 7] ^= (u)((u)(u)((u)v1 ^ (u)v0) * (u)(u)(unsigned short)(v1)); total += array[(u)(dot4(v0, v0, ((u)2147483648ull))) & 3];
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)v1;
    total = total * 31 + (U)v2;
    total = total * 31 + (U)v3;
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)bits_of(v5);
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program10)
APART L program11_0(U x0, F x1) { return ((((L)2ull) % (L)3) >> (__mul64hi(((L)31ull), ((L)2147483648ull)) & 63)); }
APART F program11_1(I x0, D x1) { return rintf((1e-3f - -1e30f)); }
HERE U program11(U x, U y, I i) {
    u array[8]; U total = 0;
    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;
    u v0 = to_u(rintf(1.f));
    F v1 = floorf(from_bits(v0));
    F v2 = (fmaf(v1, v1, v1) + floorf(-1.5f));
    F v3 = from_bits((v0 / (v0 | 1)));
    F v4 = (most(v1, v3) - (v3 / v1));
    F v5 = ((v1 * v1) * ((((L)2147483648ull) < ((L)17820744477885731541ull)) ? v3 : 1.f));
    u v6 = (__ffs(v0) >> (to_u(-1e30f) & 31));
    if (from_bits(((u)2147483648ull)) >= truncf(v1)) { switch ((u)((u)(u)(signed char)(v0) ^ (u)(u)((u)v0 & (u)v0)) & 7) { case 2: { v0 = (((v6 <= v6) ? (u)(x) : __funnelshift_rc(((u)4294967295ull), v0, v0)) >> ((u)(unsigned short)((u)((u)v0 | (u)((u)0ull))) & 31)); } break; case 6: { v1 = (floorf((3.25e7f - v4)) + ((v2 * v3) + most(v4, v2))); }  case 7: { for (u k36 = 0; k36 < (((-1.5 < 1.) ? v0 : v6) & 7) + 1; k36++) { if (-1e300 < 3.25e17) continue; { v4 = program11_1((I)(((((L)255ull) >> 1) / ((((L)31ull) & 0xffff) | 1))), fabs((1e-3 + 0.))); v3 = ((((((L)32ull) == ((L)1000ull)) ? v2 : 1e-39f) + fmaf(v2, v5, v1)) * ((v1 - v1) + least(v2, 1e-39f))); } } } break; case 1: { array[(((i >= i) ? ((u)2147483647ull) : v6) % (u)3) & 7] ^= __usad(bits_of(v2), (v6 % (u)3), (u)((u)v6 | (u)v6)); total += array[(((i >= i) ? ((u)2147483647ull) : v6) % (u)3) & 3]; v1 = fmaf(((x < x) ? (v5 * v3) : ((x > x) ? v3 : 1e-39f)), (F)((3.25e17 - -1.5)), (F)(floor(1e-3))); } break; case 5: { for (u k37 = 0; k37 < (bits_of(v3) & 7) + 1; k37++) { if (1e-3f <= v4) continue; { v2 = ((((U)((U)((U)1ull) ^ (U)((U)0ull)) != __umul64hi(y, y)) && ((-1.5 <= 3.25e17) || (y >= x))) ? program11_1(__mulhi(i, i), (0. - 1.)) : from_bits((u)((u)v0 << (v0 & 31)))); v5 = (((v0 != v6) ? floorf(v4) : (v4 / v2)) - ((0.f - v4) * truncf(-1.5f))); } } switch (__umulhi(to_u(v5), (u)(i)) & 7) { case 2: { v0 = __funnelshift_l(__byte_perm((v6 / (u)641), (u)((u)((u)1000ull) << (((u)5ull) & 31)), __funnelshift_rc(((u)2ull), v6, v0)), (__clz(v0) % (u)641), (__popc(v0) / (u)641)); v6 = (u)((u)(u)((u)__brev(((u)31ull)) << (((v1 >= v5) ? v6 : ((u)5ull)) & 31)) ^ (u)__ffs((((u)32ull) / (u)3))); }  case 0: { v5 = (truncf((v4 * v4)) + (((((L)255ull) != ((L)1ull)) ? v2 : v4) * (0.f / v4))); } break; case 3: { v3 = rintf(most((1e-3f * v4), floorf(v2))); v5 = least(floorf((v5 * v5)), truncf((v1 - v1))); }  case 7: { v6 = __byte_perm(__funnelshift_rc(__byte_perm(v0, ((u)2147483647ull), v0), ((i < i) ? ((u)4156660423641300927ull) : v6), (u)(i)), (u)((U)(i)), (u)((u)__ffs(v0) - (u)(u)((u)v0 << (v6 & 31)))); }  case 6: { v4 = least(from_bits(__funnelshift_l(v0, v6, ((u)0ull))), ((((u)1ull) > ((u)9223372036854775808ull)) ? rintf(v5) : (v2 * v3))); v3 = ((((i != i) || (((L)2147483647ull) <= ((L)255ull))) ? fabsf(v4) : least(v1, 1e-39f)) - ((v1 + v2) / (v5 + -1.5f))); } break; default: total++; } }  default: total++; } switch (((u)((u)((u)1000ull) + (u)v6) / ((u)((u)((u)2ull) << (v6 & 31)) | 1)) & 7) { case 6: { for (u k38 = 0; k38 < (__funnelshift_rc(v6, ((u)13426458811972601522ull), v0) & 7) + 1; k38++) { if (i <= i) continue; { v4 = (program11_1(to_I(v1), (-1e300 - 3.25e17)) / (sqrtf(v2) - ((v3 < v4) ? 0.f : v1))); v5 = ((((y > x) ? v5 : v4) - (v5 - 3.25e7f)) * (((v6 != v6) && (v6 > v0)) ? (v5 - v5) : ((3.25e17 >= 3.25e17) ? -1e30f : v1))); } } } break; case 2: { v1 = ((floorf(v4) * rintf(v2)) / ((((L)31ull) > ((L)3ull)) ? (1e-3f * v5) : (1.f * v4))); } break; case 4: { v1 = (((u)((u)((u)0ull) | (u)v6) > bits_of(-1e30f)) ? (((i != i) || (v3 <= v2)) ? (0.f / v2) : (v1 - v1)) : sqrtf((1e-39f - v4))); v2 = sqrtf(least(fmaf(v3, v3, v5), ((x == ((U)2147483647ull)) ? v2 : v4))); }  case 3: { v0 = (u)((L)(unsigned short)(to_L(v2))); } break; case 1: { array[(u)((u)__umulhi(v0, ((u)0ull)) + (u)__popc(v0)) & 7] ^= __funnelshift_rc((u)((u)((u)32ull) & (u)v0), __ffs(v6), __usad(v0, v6, v0)); total += array[(u)((u)__umulhi(v0, ((u)0ull)) + (u)__popc(v0)) & 3]; } break; default: total++; } } else { v0 = __popc((u)(to_I(v5))); v5 = (rintf(((i == ((I)255ull)) ? v1 : v5)) - fabsf((v1 - v5))); }
    v2 = (((3.25e7f - 0.f) + (v3 - -1.5f)) + rintf(program11_1(i, 1e-310)));
    v1 = sqrtf((((((L)2147483647ull) >= ((L)0ull)) ? v1 : v2) * (v2 / v4)));
    v3 = (floorf(fmaf(-1.5f, v4, 3.25e7f)) - ((-1e30f - v3) + (v4 - v4)));
    switch ((u)((u)((3.25e17 == 3.25e17) ? v0 : v0) & (u)(v6 / (v6 | 1))) & 7) { case 3: { switch ((u)((u)((v4 != v5) ? ((u)9223372036854775808ull) : v0) << ((u)((u)v0 ^ (u)v0) & 31)) & 7) { case 4: { v5 = floorf(sqrtf(((((L)3ull) > ((L)0ull)) ? v3 : v5))); }  case 5: { v1 = ((((u)((u)v0 ^ (u)v6) <= __clz(v0)) != (((I)1000ull) == i)) ? floorf((3.25e7f / v5)) : most((v3 - -1.5f), ((1. == 1e-3) ? v5 : v1))); v5 = (from_bits((u)((u)v6 << (((u)31ull) & 31))) + rintf(floorf(v2))); }  case 1: { array[__byte_perm((u)(((U)255ull)), (v6 / (u)641), __usad(v6, v0, v6)) & 7] ^= (__popc(v6) >> (__brev(v0) & 31)); total += array[__byte_perm((u)(((U)255ull)), (v6 / (u)641), __usad(v6, v0, v6)) & 3]; }  case 0: { for (u k39 = 0; k39 < (((-1.5 >= -1e300) ? ((u)5ull) : v0) & 7) + 1; k39++) { if ((((u)32ull) > ((u)2ull)) || (((U)1ull) >= ((U)1ull))) continue; { v0 = __usad(((u)((u)((u)1000ull) ^ (u)((u)3ull)) % (__usad(v6, ((u)5ull), v6) | 1)), (u)((u)((v0 == v0) ? v6 : v6) | (u)__byte_perm(v0, v6, v0)), __popc(((x == y) ? v0 : v6))); v2 = ((fabs(0.) > (-1.5 - 1e-3)) ? ((v3 * v1) * most(v4, -1e30f)) : (sqrtf(-1e30f) * (v5 * v3))); } } }  case 3: { for (u k40 = 0; k40 < ((v0 % (v0 | 1)) & 7) + 1; k40++) { if (((L)1000ull) > ((L)2147483647ull)) break; { v6 = ((((L)((U)((L)2147483647ull) << (((L)31ull) & 63)) != (L)((U)((L)13633815784811664936ull) << (((L)2147483648ull) & 63))) && ((1e-3 < 3.25e17) || (v1 <= v3))) ? ((v5 <= v5) ? __ffs(((u)2147483648ull)) : (u)(unsigned short)(v0)) : (u)((((U)31ull) / (U)7))); v1 = truncf((F)((D)(v4))); } } v1 = fabsf((((v0 >= ((u)9223372036854775808ull)) || (-1e300 == 1.)) ? program11_1(i, 1e-3) : (v1 - v2))); }  default: total++; } }  case 6: { if (((1e-3 >= -1.5) ? ((L)4294967295ull) : ((L)3ull)) < (L)((U)((L)11263442548467717828ull) << (((L)1000ull) & 63))) { array[((v6 / (v6 | 1)) / ((((u)24498166771681849ull) % (((u)2ull) | 1)) | 1)) & 7] ^= (u)(signed char)((v6 / (v6 | 1))); total += array[((v6 / (v6 | 1)) / ((((u)24498166771681849ull) % (((u)2ull) | 1)) | 1)) & 3]; } else { v1 = ((bits_of(3.25e7f) > __ffs(v6)) ? fmaf((v1 + v5), truncf(v4), from_bits(v6)) : ((v2 - v2) * most(v3, 3.25e7f))); array[((-1.5 != -1e300) ? ((0.f < v3) ? v0 : ((u)32ull)) : (v6 / (v6 | 1))) & 7] ^= __funnelshift_l((u)((u)v6 & (u)v0), bits_of(1e-3f), __usad(v6, v0, v6)); total += array[((-1.5 != -1e300) ? ((0.f < v3) ? v0 : ((u)32ull)) : (v6 / (v6 | 1))) & 3]; } } break; case 7: { v5 = truncf((floorf(0.f) - ((1e-310 <= 1.) ? 1.f : v4))); v2 = ((((((L)9223372036854775808ull) >= ((L)0ull)) ? v5 : 1.f) - (v4 * v5)) * floorf((v1 / v1))); } break; case 5: { switch (__funnelshift_rc((((u)32ull) % (u)10), ((i != i) ? v6 : v6), ((v2 < v3) ? v6 : v6)) & 7) { case 2: { for (u k41 = 0; k41 < (((((L)0ull) == ((L)0ull)) ? v6 : v6) & 7) + 1; k41++) { if ((-1.5 == -1e300) != (v4 != v1)) break; { v6 = __funnelshift_l(__funnelshift_rc(__byte_perm(((u)5ull), v6, v0), (u)((u)((u)0ull) << (v0 & 31)), ((y == x) ? v6 : v6)), __umulhi((v0 / (v0 | 1)), (u)((u)v0 + (u)v6)), (u)((u)(u)(signed char)(v6) << ((v0 / (v6 | 1)) & 31))); v3 = fabsf(fmaf((v4 * 0.f), sqrtf(v3), fmaf(v5, -1e30f, 0.f))); } } }  case 1: { array[(u)((u)((((U)2147483648ull) < ((U)9103296825410181711ull)) ? v0 : v0) << (__usad(((u)1000ull), v6, v6) & 31)) & 7] ^= __brev((u)(i)); total += array[(u)((u)((((U)2147483648ull) < ((U)9103296825410181711ull)) ? v0 : v0) << (__usad(((u)1000ull), v6, v6) & 31)) & 3]; if ((D)(i) >= ((i >= i) ? -1e300 : -1e300)) { v5 = (sqrtf(((x > y) ? v1 : v1)) * ((-1e30f / v4) * sqrtf(v4))); v4 = fmaf(((v1 * v3) - (v3 * v5)), (((((L)4294967295ull) == ((L)5ull)) ? v3 : v3) - (v2 * -1.5f)), ((v1 * 1e-3f) - (v4 / v2))); } else { v1 = from_bits(((1e-310 < 1e-310) ? (u)((u)v6 - (u)v0) : __brev(v6))); v2 = (F)(((0. - 1e-3) - (1. - -1e300))); } } break; case 5: { v2 = fabsf(((v2 - v1) * fabsf(v3))); v2 = ((((-1.5f == v1) || (1. < 1e-3)) ? program11_1(i, -1e300) : ((((u)1ull) > v6) ? v1 : -1.5f)) * (rintf(v2) * (v3 + v3))); } break; case 6: { array[(u)((u)((v0 < v6) ? v6 : v6) - (u)(u)((u)((u)0ull) | (u)v6)) & 7] ^= (u)((u)((((U)16942099155619823341ull) == y) ? v6 : v0) - (u)(u)(y)); total += array[(u)((u)((v0 < v6) ? v6 : v6) - (u)(u)((u)((u)0ull) | (u)v6)) & 3]; if ((sqrt(1e-310) == ((((I)2147483648ull) < i) ? -1e300 : 1e-310)) != ((((L)1ull) >= ((L)0ull)) || (v1 < v1))) { v1 = truncf((least(v5, v4) + (v3 * v5))); } else { v1 = (((v3 < v5) ? rintf(v2) : ((-1.5 > 1e-3) ? v3 : v3)) - (truncf(v5) * (v1 - v2))); v4 = most((((v5 >= v2) || (((U)1000ull) >= y)) ? (v2 / 1.f) : (v1 + v1)), ((y >= ((U)5ull)) ? floorf(v3) : (1.f / v2))); } }  case 7: { array[(u)(((i >> 1) % ((((I)3ull) & 0xffff) | 1))) & 7] ^= __brev((u)((u)v6 + (u)v0)); total += array[(u)(((i >> 1) % ((((I)3ull) & 0xffff) | 1))) & 3]; for (u k42 = 0; k42 < ((((u)3ull) % (v0 | 1)) & 7) + 1; k42++) { if (v6 <= v6) continue; { v0 = __clz((u)((u)(((u)1ull) >> (v6 & 31)) << ((v6 >> (v6 & 31)) & 31))); } } }  default: total++; } }  case 1: { v2 = program11_1(to_I(truncf(v2)), (from_bits_64(x) + (3.25e17 + 0.))); v1 = least((rintf(v1) * most(v1, v4)), from_bits((((u)2147483648ull) % (u)10))); }  default: total++; }
    for (u k43 = 0; k43 < ((((u)255ull) / (v0 | 1)) & 7) + 1; k43++) { if ((((U)32ull) >= y) != (y > x)) continue; { v5 = (((v3 - 1e-3f) * (v4 * v3)) + fabsf((v4 / v1))); if (__mul64hi(((L)5ull), ((L)32ull)) == (((L)32ull) >> (((L)0ull) & 63))) { array[(u)((u)(u)(x) & (u)(u)(i)) & 7] ^= bits_of((v3 + v1)); total += array[(u)((u)(u)(x) & (u)(u)(i)) & 3]; } else { v1 = ((((((L)4294967295ull) != ((L)31ull)) || (3.25e17 <= 3.25e17)) ? ((((L)31ull) <= ((L)4294967295ull)) ? v4 : v1) : (v2 / v3)) - ((v3 - v5) + (v2 + v1))); switch ((u)(program11_0(((U)5ull), v1)) & 7) { case 6: { v3 = rintf(((3.25e7f / 3.25e7f) + (v1 - v2))); } break; case 5: { v5 = least((fabsf(v4) - floorf(v3)), least((v2 / v2), floorf(v1))); v2 = fabsf(((v1 * -1e30f) - least(v1, v5))); }  case 4: { v0 = (__usad(__clz(v6), (v6 % (u)641), (v0 / (u)7)) / (u)10); } break; case 2: { v2 = (least((F)(0.), sqrtf(v4)) * sqrtf(((((U)8901342470100863168ull) != y) ? 1e-39f : v1))); v4 = fabsf(least(rintf(v5), (v3 + v1))); } break; case 3: { v4 = ((from_bits(v6) / (v4 / v4)) + ((v1 / v3) - ((v5 <= v4) ? v4 : v3))); v6 = (((-1e300 - 0.) > (D)(v3)) ? (u)((u)__funnelshift_rc(((u)31ull), v0, v6) << (__funnelshift_rc(v0, v6, ((u)32ull)) & 31)) : ((u)((u)v0 ^ (u)v6) >> ((u)((u)v6 + (u)((u)2147483647ull)) & 31))); } break; default: total++; } } } }
    array[((u)((u)v6 * (u)v6) >> ((u)(i) & 31)) & 7] ^= __funnelshift_rc((u)(y), ((((L)31ull) >= ((L)2147483648ull)) ? v0 : ((u)1ull)), ((((I)1283015155988511981ull) > i) ? v6 : ((u)2147483647ull))); total += array[((u)((u)v6 * (u)v6) >> ((u)(i) & 31)) & 3];
    v6 = __clz(__ffs(__ffs(v0)));
    total = total * 31 + (U)x;
    total = total * 31 + (U)y;
    total = total * 31 + (U)i;
    total = total * 31 + (U)v0;
    total = total * 31 + (U)bits_of(v1);
    total = total * 31 + (U)bits_of(v2);
    total = total * 31 + (U)bits_of(v3);
    total = total * 31 + (U)bits_of(v4);
    total = total * 31 + (U)bits_of(v5);
    total = total * 31 + (U)v6;
    for (I k = 0; k < 8; k++) total = total * 7 + array[k];
    return total;
}
PROGRAM(program11)
