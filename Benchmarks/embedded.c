// A mix like the cores of small systems run: a linked list sorted and searched, small matrices of 16-bit
// numbers, a state machine that reads text, and a cyclic redundancy check over it all.
#include "benchmark.h"

enum { ROUNDS = 25000, NODES = 96, MATRIX = 12 };

static uint16_t crc16(uint16_t crc, uint16_t value) {
    for (unsigned bit = 0; bit < 16; bit++) {
        bool carry = ((crc ^ value) & 1) != 0;
        crc >>= 1, value >>= 1;
        if (carry) crc ^= 0xa001;
    }
    return crc;
}

// MARK: linked list

struct node {
    struct node *next;
    int16_t key, data;
};
static struct node nodes[NODES];

static struct node *make_list(uint16_t seed) {
    for (unsigned i = 0; i < NODES; i++) {
        seed = (uint16_t)(seed * 25173 + 13849);
        nodes[i] = (struct node){i + 1 < NODES ? &nodes[i + 1] : NULL, (int16_t)(seed >> 2), (int16_t)i};
    }
    return nodes;
}

static struct node *reverse(struct node *list) {
    struct node *done = NULL;
    while (list != NULL) {
        struct node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static int by_key(const struct node *a, const struct node *b) { return a->key - b->key; }
static int by_data(const struct node *a, const struct node *b) { return a->data - b->data; }

static struct node *merge_sort(struct node *list, int (*compare)(const struct node *, const struct node *)) {
    if (list == NULL || list->next == NULL) return list;
    struct node *middle = list;
    for (struct node *end = list->next; end != NULL && end->next != NULL; end = end->next->next) middle = middle->next;
    struct node *right = middle->next;
    middle->next = NULL;
    struct node *left = merge_sort(list, compare);
    right = merge_sort(right, compare);
    struct node *sorted = NULL, **tail = &sorted;
    while (left != NULL && right != NULL) {
        struct node **smaller = compare(left, right) <= 0 ? &left : &right;
        *tail = *smaller;
        tail = &(*smaller)->next;
        *smaller = (*smaller)->next;
    }
    *tail = left != NULL ? left : right;
    return sorted;
}

static uint16_t use_list(uint16_t crc, uint16_t seed) {
    struct node *list = reverse(make_list(seed));
    for (int16_t wanted = 0; wanted < NODES; wanted += 5)
        for (struct node *at = list; at != NULL; at = at->next)
            if (at->data == wanted) {
                crc = crc16(crc, (uint16_t)at->key);
                break;
            }
    list = merge_sort(list, by_key);
    crc = crc16(crc, (uint16_t)list->key);
    list = merge_sort(list, by_data);
    return crc16(crc, (uint16_t)list->key);
}

// MARK: matrices

static int16_t left_matrix[MATRIX][MATRIX], right_matrix[MATRIX][MATRIX];
static int32_t product[MATRIX][MATRIX];

static uint16_t use_matrices(uint16_t crc, int16_t seed) {
    for (int i = 0; i < MATRIX; i++)
        for (int k = 0; k < MATRIX; k++) {
            left_matrix[i][k] = (int16_t)(seed + i * k);
            right_matrix[i][k] = (int16_t)(seed ^ (i << 4) ^ k);
        }
    for (int i = 0; i < MATRIX; i++)
        for (int k = 0; k < MATRIX; k++) {
            int32_t sum = 0;
            for (int n = 0; n < MATRIX; n++) sum += left_matrix[i][n] * right_matrix[n][k];
            product[i][k] = sum;
        }
    for (int i = 0; i < MATRIX; i++) {
        int32_t row = 0;
        for (int k = 0; k < MATRIX; k++) row += (product[i][k] >> 2 & 0x0f) * (product[i][k] >> 5 & 0x7f);
        crc = crc16(crc, (uint16_t)row);
    }
    return crc;
}

// MARK: state machine

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS, INVALID, STATES };

static const char text[] = "5012,1.25,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,"
                           "+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static enum state advance(enum state state, char c) {
    switch (state) {
    case START: return is_digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN: return is_digit(c) ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER: return is_digit(c) ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case POINT: return is_digit(c) ? FRACTION : INVALID;
    case FRACTION: return is_digit(c) ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return c == '+' || c == '-' ? EXPONENT_SIGN : is_digit(c) ? EXPONENT_DIGITS : INVALID;
    case EXPONENT_SIGN:
    case EXPONENT_DIGITS: return is_digit(c) ? EXPONENT_DIGITS : INVALID;
    default: return INVALID;
    }
}

static uint16_t use_states(uint16_t crc, unsigned seed) {
    unsigned ended[STATES] = {0};
    enum state state = START;
    for (const char *at = text; *at != 0; at++) {
        char c = (unsigned)(at - text) % 37 == seed % 37 ? (char)(*at ^ 1) : *at;
        if (c == ',') {
            ended[state]++;
            state = START;
        } else {
            state = advance(state, c);
        }
    }
    for (unsigned i = 0; i < STATES; i++) crc = crc16(crc, (uint16_t)ended[i]);
    return crc;
}

static uint64_t embedded(void) {
    uint16_t crc = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        crc = use_list(crc, (uint16_t)round);
        crc = use_matrices(crc, (int16_t)round);
        crc = use_states(crc, round);
    }
    return mix(crc, ROUNDS);
}

WORKLOADS({"embedded", NULL, embedded, 0xfc28973835419f13, 0})
