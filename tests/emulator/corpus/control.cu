// Local arrays, tables of branches, calls, variables of the module.
struct Pair { int first; short second[3]; double third; };
__constant__ float coefficients[5];
__constant__ signed char letters[8] = {1, -2, 3, -4, 5, -6, 7, -128};
__constant__ unsigned short numbers[4] = {1, 65535, 3, 32768};
__constant__ short signed_numbers[4] = {1, -1, 3, -32768};
__device__ int visits[4] = {10, 20, 30, 40};
__device__ const int primes[16] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};

__device__ __noinline__ int twice(int x) { return 2 * x; }
__device__ __noinline__ int square(int x) { return x * x; }
__device__ __noinline__ int decrement(int x) { return x - 1; }
typedef int (*Step)(int);
__device__ Step steps[3] = {twice, square, decrement};

__device__ __noinline__ int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

#define OF(name) \
    extern "C" __global__ void name##_k(int *out, const int *a, int n)
#define BEGIN int i = blockIdx.x * blockDim.x + threadIdx.x; if (i >= n) return; int x = a[i];

OF(local_array) {
    BEGIN
    int stack[16];
    for (int k = 0; k < 16; k++) stack[k] = x + k * k;
    int at = x & 15;
    for (int k = 0; k < 10; k++) { stack[at] ^= stack[(at + 5) & 15]; at = (at + stack[at]) & 15; }
    int sum = 0;
    for (int k = 0; k < 16; k++) sum = sum * 3 + stack[k];
    out[i] = sum;
}
OF(local_bytes) {
    BEGIN
    unsigned char text[32];
    for (int k = 0; k < 32; k++) text[k] = (unsigned char)(x >> (k & 7));
    text[x & 31] = 200;
    int sum = 0;
    for (int k = 0; k < 32; k++) sum += text[(k * (x | 1)) & 31] * (k + 1);
    out[i] = sum;
}
OF(switch_table) {
    BEGIN
    int y = x >> 4;
    switch (x & 15) {
        case 0: y += 7; break;
        case 1: y *= 3; break;
        case 2: y ^= 0x55; break;
        case 3: y = -y;  // falls through
        case 4: y -= 2; break;
        case 5: y = y / 3; break;
        case 6: y <<= 2; break;
        case 7: y = y % 11; break;
        case 9: y = twice(y); break;
        case 11: y = square(y & 0xff); break;
        case 12: return;
        default: y = 1;
    }
    out[i] = y;
}
OF(calls) { BEGIN out[i] = twice(square(x & 0xff)) + square(decrement(x & 0x7f)); }
OF(pointers) { BEGIN out[i] = steps[(unsigned)x % 3](x & 0x3ff); }
OF(recursion) { BEGIN out[i] = fibonacci(x & 7); }
OF(variables) { BEGIN out[i] = visits[x & 3] + primes[(x >> 2) & 15]; if (i == 5) visits[1] = 99; }
OF(constants) {
    BEGIN
    float y = 0.f;
    for (int k = 0; k < 5; k++) y = y * (x & 7) + coefficients[k];
    out[i] = (int)y + letters[x & 7] + numbers[x & 3] + signed_numbers[(x >> 2) & 3];
}
OF(early_exit) {
    BEGIN
    int turns = 0;
    for (;;) {
        if (turns > (x & 31)) break;
        if ((x ^ turns) % 13 == 12) { out[i] = -turns; return; }
        turns += 1 + (x & 1);
        if ((turns & 3) == (x & 3)) continue;
        turns++;
    }
    out[i] = turns;
}
OF(nested) {
    BEGIN
    int sum = 0;
    for (int p = 0; p < (x & 3) + 1; p++)
        for (int q = p; q < ((x >> 2) & 7); q++) {
            if ((p + q) & 1) sum += p * q; else if (q & 2) sum -= q; else sum ^= p;
        }
    out[i] = sum;
}
extern "C" __global__ void structure_k(int *out, Pair pair, const int *a, int n) {
    BEGIN
    out[i] = pair.first + pair.second[x % 3u] * (int)pair.third;
}
extern "C" __global__ void copy_128_k(int4 *out, const int4 *a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) { int4 v = a[i]; out[i] = make_int4(v.w, v.z, v.y, v.x); }
}
extern "C" __global__ void volumes_k(int *out, const int *a, int n) {
    int x = threadIdx.x, y = threadIdx.y, z = blockIdx.z;
    out[(z * blockDim.y + y) * blockDim.x + x] = a[x] * 100 + y * 10 + z + gridDim.z * 1000;
}
