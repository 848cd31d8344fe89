// Vectors of doubles: a system of linear equations, brought to triangular form by columns and solved, as LINPACK does.
#include "benchmark.h"

enum { SIZE = 200, ROUNDS = 50 };

static double matrix[SIZE][SIZE]; // by columns
static double right[SIZE];
static unsigned pivots[SIZE];

/// The solution is one in each place.
static void make_system(uint64_t seed) {
    memset(right, 0, sizeof right);
    for (unsigned column = 0; column < SIZE; column++)
        for (unsigned row = 0; row < SIZE; row++) {
            double value = (double)(int64_t)next_random(&seed) * 0x1p-63;
            matrix[column][row] = value;
            right[row] += value;
        }
}

static double magnitude(double value) { return value < 0 ? -value : value; }

__attribute__((noinline)) static void add_multiple(double *to, const double *from, double factor, unsigned count) {
    for (unsigned i = 0; i < count; i++) to[i] += factor * from[i];
}

static void exchange(double *vector, unsigned i, unsigned k) {
    double held = vector[i];
    vector[i] = vector[k];
    vector[k] = held;
}

static void factorize(void) {
    for (unsigned k = 0; k < SIZE; k++) {
        double *column = matrix[k];
        unsigned pivot = k;
        for (unsigned row = k + 1; row < SIZE; row++)
            if (magnitude(column[row]) > magnitude(column[pivot])) pivot = row;
        pivots[k] = pivot;
        exchange(column, k, pivot);
        double scale = -1 / column[k];
        for (unsigned row = k + 1; row < SIZE; row++) column[row] *= scale;
        for (unsigned other = k + 1; other < SIZE; other++) {
            exchange(matrix[other], k, pivot);
            add_multiple(&matrix[other][k + 1], &column[k + 1], matrix[other][k], SIZE - k - 1);
        }
    }
}

static void solve(void) {
    for (unsigned k = 0; k < SIZE; k++) {
        exchange(right, k, pivots[k]);
        add_multiple(&right[k + 1], &matrix[k][k + 1], right[k], SIZE - k - 1);
    }
    for (unsigned k = SIZE; k-- > 0;) {
        right[k] /= matrix[k][k];
        add_multiple(right, matrix[k], -right[k], k);
    }
}

static uint64_t vectors(void) {
    uint64_t checksum = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        make_system(0x766563746f7273 + round);
        factorize();
        solve();
        for (unsigned i = 0; i < SIZE; i++) {
            if (!(magnitude(right[i] - 1) < 1e-9)) return 0;
            checksum = mix_double(checksum, right[i]);
        }
    }
    return checksum;
}

WORKLOADS({"vectors", NULL, vectors, 0x6ab6a4c45eb1bc9b, 0})
