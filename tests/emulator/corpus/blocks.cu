// What the threads of a block do together: shared memory, barriers, atomics.
extern __shared__ float dynamic[];

extern "C" __global__ void reduce_k(float *out, const float *a, int n) {
    __shared__ float part[256];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    part[t] = i < n ? a[i] : 0.f;
    __syncthreads();
    for (int half = blockDim.x / 2; half; half >>= 1) {
        if (t < half) part[t] += part[t + half];
        __syncthreads();
    }
    if (t == 0) out[blockIdx.x] = part[0];
}
extern "C" __global__ void reverse_k(float *out, const float *a, int n) {
    int t = threadIdx.x;
    dynamic[t] = a[blockIdx.x * blockDim.x + t];
    __syncthreads();
    out[blockIdx.x * blockDim.x + t] = dynamic[blockDim.x - 1 - t];
}
extern "C" __global__ void transpose_k(float *out, const float *a, int n) {
    __shared__ float tile[16][17];
    int x = threadIdx.x, y = threadIdx.y;
    tile[y][x] = a[(blockIdx.y * 16 + y) * n + blockIdx.x * 16 + x];
    __syncthreads();
    out[(blockIdx.x * 16 + y) * n + blockIdx.y * 16 + x] = tile[x][y];
}
extern "C" __global__ void count_k(int *out, const float *a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float x = a[i];
    int positive = __syncthreads_count(x > 0.f);
    int all = __syncthreads_and(x > -100.f), one = __syncthreads_or(x > 2.f);
    out[i] = positive * 4 + (all ? 2 : 0) + (one ? 1 : 0);
}
extern "C" __global__ void bytes_k(unsigned char *out, const unsigned char *a, int n) {
    __shared__ unsigned char table[256];
    __shared__ short wide[256];
    int t = threadIdx.x;
    table[t] = a[t];
    wide[255 - t] = (short)(a[t] - 128);
    __syncthreads();
    out[t] = (unsigned char)(table[table[t]] + wide[t]);
}
extern "C" __global__ void histogram_k(int *out, const unsigned char *a, int n) {
    __shared__ int bins[16];
    int t = threadIdx.x;
    if (t < 16) bins[t] = 0;
    __syncthreads();
    for (int i = t; i < n; i += blockDim.x) atomicAdd(&bins[a[i] & 15], 1);
    __syncthreads();
    if (t < 16) atomicAdd(&out[t], bins[t]);
}
extern "C" __global__ void shared_atomics_k(int *out, const int *a, int n) {
    __shared__ int cell[6];
    int t = threadIdx.x, x = a[t];
    if (t < 6) cell[t] = t == 2 ? -1 : 0;
    __syncthreads();
    atomicMax(&cell[0], x);
    atomicMin(&cell[1], x);
    atomicAnd(&cell[2], x | 0xff00);
    atomicOr(&cell[3], x & 0xff);
    atomicXor(&cell[4], x);
    if (atomicCAS(&cell[5], 0, t + 1) == 0) out[6] = 77;
    __syncthreads();
    if (t < 5) out[t] = cell[t];
    if (t == 5) out[5] = cell[5] != 0;
}
// A pointer that may be to shared, local or global memory, by what the caller passes.
__device__ __noinline__ float total(const float *p, int n) {
    float sum = 0.f;
    for (int i = 0; i < n; i++) sum += p[i];
    return sum;
}
extern "C" __global__ void generic_k(float *out, const float *a, int n) {
    __shared__ float near[8];
    float own[8];
    int t = threadIdx.x;
    if (t < 8) near[t] = a[t];
    for (int i = 0; i < 8; i++) own[i] = a[i] * (t + i);
    __syncthreads();
    out[t] = total(t & 1 ? near : (t & 2 ? own : a), 5 + (t & 3));
}
__device__ __noinline__ int bump(int *p, int v) {
    p[1] = v * 3;
    ((short *)p)[4] = (short)v;
    int old = atomicAdd(p, v);
    __threadfence();
    return old;
}
extern "C" __global__ void generic_store_k(int *out, const int *a, int n) {
    __shared__ int near[32 * 4];
    int t = threadIdx.x;
    int *p = t & 1 ? near + 4 * t : out + 32 + 4 * t;
    p[0] = t;
    p[2] = 0;
    out[t] = bump(p, a[t]);
    __nanosleep(20);
    __syncwarp(0xffffffff);
    if (t & 1) for (int k = 0; k < 3; k++) out[32 + 4 * t + k] = p[k];
}
