// Bodies under gravity, in double precision: short loops of multiplications, a division and a square root.
#include "benchmark.h"

enum { BODIES = 5, STEPS = 1000000 };

struct body {
    double position[3], velocity[3], mass;
};
static struct body bodies[BODIES];

static double square_root(double value) {
    double root;
    asm("fsqrt.d %0, %1" : "=f"(root) : "f"(value));
    return root;
}

static void step(double time) {
    for (unsigned i = 0; i < BODIES; i++)
        for (unsigned k = i + 1; k < BODIES; k++) {
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
    for (unsigned i = 0; i < BODIES; i++)
        for (unsigned axis = 0; axis < 3; axis++) bodies[i].position[axis] += time * bodies[i].velocity[axis];
}

/// What no step may change, but for rounding.
static double momentum(unsigned axis) {
    double sum = 0;
    for (unsigned i = 0; i < BODIES; i++) sum += bodies[i].mass * bodies[i].velocity[axis];
    return sum;
}

static uint64_t run_bodies(void) {
    for (unsigned i = 0; i < BODIES; i++)
        bodies[i] = (struct body){{i * 1.5, i * -0.75 + 1, i * i * 0.25}, {0.1 * i, 0.2, -0.1 * i}, 1.0 / (i + 1)};
    double before[3];
    for (unsigned axis = 0; axis < 3; axis++) before[axis] = momentum(axis);
    for (unsigned i = 0; i < STEPS; i++) step(0.001);
    uint64_t checksum = 0;
    for (unsigned axis = 0; axis < 3; axis++) {
        double change = momentum(axis) - before[axis];
        if (!(change < 1e-9 && change > -1e-9)) return 0;
        for (unsigned i = 0; i < BODIES; i++) checksum = mix_double(checksum, bodies[i].position[axis]);
    }
    return checksum;
}

WORKLOADS({"bodies", NULL, run_bodies, 0x595e1fea355435b8, 0})
