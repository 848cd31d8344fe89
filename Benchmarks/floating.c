// Floating point in both widths: bodies under gravity, the Mandelbrot set, polynomials and conversions.
#include "benchmark.h"

BENCHMARK("floating")

static double square_root(double value) {
    double root;
    asm("fsqrt.d %0, %1" : "=f"(root) : "f"(value));
    return root;
}

struct body {
    double position[3], velocity[3], mass;
};

static void step(struct body *bodies, unsigned count, double time) {
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = i + 1; k < count; k++) {
            double distance[3], square = 0.01;
            for (unsigned axis = 0; axis < 3; axis++) {
                distance[axis] = bodies[i].position[axis] - bodies[k].position[axis];
                square += distance[axis] * distance[axis];
            }
            double force = time / (square * square_root(square));
            for (unsigned axis = 0; axis < 3; axis++) {
                bodies[i].velocity[axis] -= distance[axis] * bodies[k].mass * force;
                bodies[k].velocity[axis] += distance[axis] * bodies[i].mass * force;
            }
        }
    for (unsigned i = 0; i < count; i++)
        for (unsigned axis = 0; axis < 3; axis++) bodies[i].position[axis] += time * bodies[i].velocity[axis];
}

static uint64_t gravity(unsigned steps) {
    struct body bodies[5];
    for (unsigned i = 0; i < 5; i++)
        bodies[i] = (struct body){{i * 1.5, i * -0.75 + 1, i * i * 0.25}, {0.1 * i, 0.2, -0.1 * i}, 1.0 / (i + 1)};
    for (unsigned i = 0; i < steps; i++) step(bodies, 5, 0.001);
    uint64_t checksum = 0, bits;
    for (unsigned i = 0; i < 5; i++)
        for (unsigned axis = 0; axis < 3; axis++) {
            memcpy(&bits, &bodies[i].position[axis], sizeof bits);
            checksum = mix(checksum, bits);
        }
    return checksum;
}

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

uint64_t benchmark(void) {
    uint64_t checksum = gravity(90000);
    checksum = mix(checksum, mandelbrot(400));
    return mix(checksum, polynomials(500000));
}
