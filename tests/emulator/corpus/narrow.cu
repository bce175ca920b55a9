// Bfloat16, float8, pairs of floats, bytes, rarer conversions of halves, and what clusters are told.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#define KERNEL(name, out_type, in_type, expression) \
    extern "C" __global__ void name##_k(out_type *out, const in_type *a, const in_type *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { in_type x = a[i], y = b[i]; out[i] = expression; } \
    }
#define WORDS(name, expression) KERNEL(name, unsigned, unsigned, expression)
#define PAIRS(name, expression) KERNEL(name, float2, float2, expression)
#define HALVES(name, expression) KERNEL(name, __half2, __half2, expression)
#define OF_HALF(name, type, expression) KERNEL(name, type, __half2, expression)
#define BRAINS(name, expression) KERNEL(name, __nv_bfloat162, __nv_bfloat162, expression)
#define OF_BRAIN(name, type, expression) KERNEL(name, type, __nv_bfloat162, expression)

#if __CUDA_ARCH__ >= 1000
#define ADD2 __fadd2_rn
#define MUL2 __fmul2_rn
#define FMA2 __ffma2_rn
#define MUL2_UP __fmul2_ru
#else
__device__ float2 ADD2(float2 a, float2 b) { return {__fadd_rn(a.x, b.x), __fadd_rn(a.y, b.y)}; }
__device__ float2 MUL2(float2 a, float2 b) { return {__fmul_rn(a.x, b.x), __fmul_rn(a.y, b.y)}; }
__device__ float2 MUL2_UP(float2 a, float2 b) {
    return {__fmul_ru(a.x, b.x), __fmul_ru(a.y, b.y)};
}
__device__ float2 FMA2(float2 a, float2 b, float2 c) {
    return {__fmaf_rn(a.x, b.x, c.x), __fmaf_rn(a.y, b.y, c.y)};
}
#endif
PAIRS(add_pair, ADD2(x, y))
PAIRS(add_pair_one, ADD2(x, make_float2(1.5f, 1.5f)))
PAIRS(add_pair_uniform, ADD2(x, make_float2(n, -n)))
PAIRS(multiply_pair_turned, MUL2(x, make_float2(y.y, y.x)))
PAIRS(multiply_pair_up, MUL2_UP(x, y))
PAIRS(fused_pair, FMA2(x, y, x))
PAIRS(fused_pair_negative, FMA2(make_float2(-x.x, -x.y), y, make_float2(-y.x, -y.y)))
PAIRS(fused_pair_scalar, FMA2(x, make_float2(y.y, y.y), make_float2(fabsf(x.x), fabsf(x.y))))

WORDS(add_bytes, __vadd4(x, y))
WORDS(subtract_bytes, __vsub4(x, y))
WORDS(add_bytes_clamped, __vaddus4(x, y))
WORDS(negative_bytes, __vneg4(x))
WORDS(largest_bytes, __vmaxu4(x, y))
WORDS(least_bytes, __vminu4(x, y))
WORDS(least_signed_bytes, __vmins4(x, y))
WORDS(bytes_in_range, __vminu4(__vmaxu4(x, 0x10101010), 0x80808080))
WORDS(average_bytes, __vavgu4(x, y))
WORDS(greater_bytes, __vcmpgtu4(x, y))
WORDS(largest_halves, __vmaxs2(x, y))

extern "C" __global__ void clusters_k(unsigned *out) {
    unsigned told[11] = {1, 0, 0, 0, 1, 1, blockIdx.x, blockIdx.z, gridDim.x, gridDim.z, 0};
#if __CUDA_ARCH__ >= 900
    asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(told[0]));
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(told[1]));
    asm("mov.u32 %0, %%cluster_ctaid.x;" : "=r"(told[2]));
    asm("mov.u32 %0, %%cluster_ctaid.z;" : "=r"(told[3]));
    asm("mov.u32 %0, %%cluster_nctaid.x;" : "=r"(told[4]));
    asm("mov.u32 %0, %%cluster_nctaid.y;" : "=r"(told[5]));
    asm("mov.u32 %0, %%clusterid.x;" : "=r"(told[6]));
    asm("mov.u32 %0, %%clusterid.z;" : "=r"(told[7]));
    asm("mov.u32 %0, %%nclusterid.x;" : "=r"(told[8]));
    asm("mov.u32 %0, %%nclusterid.z;" : "=r"(told[9]));
    asm("{.reg .pred P; mov.pred P, %%is_explicit_cluster; selp.u32 %0, 1, 0, P;}"
        : "=r"(told[10]));
#endif
    unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    for (int i = 0; i < 11; i++) out[11 * block + i] = told[i];
}

OF_HALF(half_to_ushort, unsigned short, __half2ushort_rz(__habs(x.y)))
OF_HALF(half_to_short, short, __half2short_rn(__hneg(x.x)))
OF_HALF(half_to_uint, unsigned, __half2uint_ru(x.y))
OF_HALF(half_to_long, long long, __half2ll_rn(x.x))
OF_HALF(half_to_char, signed char, __half2char_rz(x.x))

KERNEL(to_e4m3, __nv_fp8x4_e4m3, float4, __nv_fp8x4_e4m3(x))
KERNEL(to_e5m2, __nv_fp8x4_e5m2, float4, __nv_fp8x4_e5m2(x))
KERNEL(half_to_e4m3, __nv_fp8x2_e4m3, __half2, __nv_fp8x2_e4m3(x))
KERNEL(from_e4m3, float4, __nv_fp8x4_e4m3, float4(x))
KERNEL(from_e5m2, float4, __nv_fp8x4_e5m2, float4(x))

#if __CUDA_ARCH__ >= 800
HALVES(complex, __hcmadd(x, y, x))
HALVES(fused_relu, __hfma2_relu(x, y, x))
__device__ unsigned packed(float a, float b) {
    unsigned result;
    asm("cvt.rn.relu.f16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(a), "f"(b));
    return result;
}
__device__ unsigned packed_brain(float a, float b) {
    unsigned result;
    asm("cvt.rz.relu.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(a), "f"(b));
    return result;
}
KERNEL(pack_relu, unsigned, float, packed(x, y))
KERNEL(pack_brain_relu, unsigned, float, packed_brain(x, y))

BRAINS(brain_add, __hadd2(x, y))
BRAINS(brain_subtract, __hsub2(x, y))
BRAINS(brain_multiply, __hmul2(x, y))
BRAINS(brain_fused, __hfma2(x, y, x))
BRAINS(brain_fused_constant, __hfma2(x, __float2bfloat162_rn(1.5f), __float2bfloat162_rn(-2.f)))
BRAINS(brain_fused_relu, __hfma2_relu(x, y, x))
BRAINS(brain_complex, __hcmadd(x, y, x))
BRAINS(brain_least, __hmin2(x, y))
BRAINS(brain_most_or_nan, __hmax2_nan(x, y))
BRAINS(brain_negative, __hneg2(x))
BRAINS(brain_absolute, __habs2(x))
BRAINS(brain_greater, __hgt2(x, y))
OF_BRAIN(brain_mask, unsigned, __hleu2_mask(x, y))
OF_BRAIN(brain_less, int, __hlt(x.x, y.x) + 2 * __hge(x.y, y.y) + 4 * __hne(x.x, y.y) + 8 * __hisnan(x.x))
OF_BRAIN(brain_to_int, int, __bfloat162int_rz(x.y))
OF_BRAIN(brain_to_short, short, __bfloat162short_rn(x.x))
KERNEL(brain_from_short, __nv_bfloat16, short, __short2bfloat16_rn(x))
KERNEL(brain_from_long, __nv_bfloat16, unsigned long long, __ull2bfloat16_rz(x))
KERNEL(brain_from_double, __nv_bfloat16, double, __double2bfloat16(x))
#endif
#if __CUDA_ARCH__ >= 860
__device__ float least_signed(float a, float b) {
    float result;
    asm("min.xorsign.abs.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
    return result;
}
KERNEL(least_with_sign, float, float, least_signed(x, y))
#endif
