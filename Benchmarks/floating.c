// Floating point in both widths: the Mandelbrot set, polynomials and conversions.
#include "benchmark.h"

static uint64_t mandelbrot(unsigned size) {
    uint64_t inside = 0;
    for (unsigned y = 0; y < size; y++)
        for (unsigned x = 0; x < size; x++) {
            float real = 3.0f * (float)x / (float)size - 2.0f, imaginary = 2.0f * (float)y / (float)size - 1.0f;
            float a = 0, b = 0;
            unsigned count = 0;
            for (; count < 64 && a * a + b * b < 4.0f; count++) {
                float next = a * a - b * b + real;
                b = 2 * a * b + imaginary;
                a = next;
            }
            inside += count;
        }
    return inside;
}

static uint64_t polynomials(unsigned count) {
    double sum = 0;
    int64_t rounded = 0;
    for (unsigned i = 0; i < count; i++) {
        double x = (double)i / count - 0.5, value = 1;
        for (unsigned k = 12; k > 0; k--) value = 1 + value * x / k;
        sum += value > 1 ? value : -value;
        rounded += (int64_t)(value * 1000);
    }
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return mix(bits, (uint64_t)rounded);
}

static uint64_t floating(void) {
    return mix(mix(0, mandelbrot(700)), polynomials(1000000));
}

WORKLOADS({"floating", NULL, floating, 0x18a33a0efe79e36e, 0})
