// The little of a C library that gcc's execution tests call. Memory is never given back.

#include <ctype.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

extern char __heap_start[], __heap_end[];
extern void (*__init_array_start[])(void), (*__init_array_end[])(void);
extern void (*__fini_array_start[])(void), (*__fini_array_end[])(void);

enum { ABORTED = 134 };

int errno;

// ---- Ends

void run_constructors(void) {
    for (void (**function)(void) = __init_array_start; function < __init_array_end; function++) (*function)();
}

void exit(int code) {
    for (void (**function)(void) = __fini_array_end; function > __fini_array_start;) (*--function)();
    _exit(code);
}

void abort(void) { _exit(ABORTED); }

// No signal ever comes.
void (*signal(int number, void (*handler)(int)))(int) {
    (void)number;
    return handler;
}

// ---- Memory

void *memcpy(void *restrict destination, const void *restrict source, size_t length) {
    char *to = destination;
    const char *from = source;
    while (length--) *to++ = *from++;
    return destination;
}

void *memmove(void *destination, const void *source, size_t length) {
    char *to = destination;
    const char *from = source;
    if (to < from) {
        while (length--) *to++ = *from++;
    } else {
        while (length--) to[length] = from[length];
    }
    return destination;
}

void *mempcpy(void *restrict destination, const void *restrict source, size_t length) {
    return (char *)memcpy(destination, source, length) + length;
}

void *memset(void *destination, int value, size_t length) {
    char *to = destination;
    while (length--) *to++ = (char)value;
    return destination;
}

int memcmp(const void *left, const void *right, size_t length) {
    const unsigned char *a = left, *b = right;
    for (; length--; a++, b++) {
        if (*a != *b) return *a - *b;
    }
    return 0;
}

void *memchr(const void *memory, int value, size_t length) {
    const unsigned char *byte = memory;
    for (; length--; byte++) {
        if (*byte == (unsigned char)value) return (void *)byte;
    }
    return NULL;
}

void bzero(void *memory, size_t length) { memset(memory, 0, length); }
void bcopy(const void *source, void *destination, size_t length) { memmove(destination, source, length); }
int bcmp(const void *left, const void *right, size_t length) { return memcmp(left, right, length); }

// Each block has its size before it, for realloc.
void *malloc(size_t size) {
    static char *next = __heap_start;
    if (size > (size_t)(__heap_end - next) - 32) return NULL;
    size_t *block = (size_t *)next;
    next += 16 + ((size + 15) & ~(size_t)15);
    *block = size;
    return block + 2;
}

void free(void *block) { (void)block; }

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *block = malloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void *realloc(void *block, size_t size) {
    void *larger = malloc(size);
    if (!block || !larger) return larger;
    size_t old = ((size_t *)block)[-2];
    return memcpy(larger, block, old < size ? old : size);
}

// ---- Strings

size_t strlen(const char *text) {
    const char *end = text;
    while (*end) end++;
    return end - text;
}

size_t strnlen(const char *text, size_t limit) {
    size_t length = 0;
    while (length < limit && text[length]) length++;
    return length;
}

int strcmp(const char *left, const char *right) {
    while (*left && *left == *right) left++, right++;
    return (unsigned char)*left - (unsigned char)*right;
}

int strncmp(const char *left, const char *right, size_t limit) {
    for (; limit--; left++, right++) {
        if (*left != *right || !*left) return (unsigned char)*left - (unsigned char)*right;
    }
    return 0;
}

char *stpcpy(char *restrict destination, const char *restrict source) {
    while ((*destination = *source++)) destination++;
    return destination;
}

char *strcpy(char *restrict destination, const char *restrict source) {
    stpcpy(destination, source);
    return destination;
}

char *strncpy(char *restrict destination, const char *restrict source, size_t limit) {
    size_t length = strnlen(source, limit);
    memcpy(destination, source, length);
    memset(destination + length, 0, limit - length);
    return destination;
}

char *strcat(char *restrict destination, const char *restrict source) {
    strcpy(destination + strlen(destination), source);
    return destination;
}

char *strncat(char *restrict destination, const char *restrict source, size_t limit) {
    char *end = destination + strlen(destination);
    size_t length = strnlen(source, limit);
    memcpy(end, source, length);
    end[length] = 0;
    return destination;
}

char *strchr(const char *text, int wanted) {
    for (;; text++) {
        if (*text == (char)wanted) return (char *)text;
        if (!*text) return NULL;
    }
}

char *strrchr(const char *text, int wanted) {
    const char *found = NULL;
    for (;; text++) {
        if (*text == (char)wanted) found = text;
        if (!*text) return (char *)found;
    }
}

char *index(const char *text, int wanted) { return strchr(text, wanted); }
char *rindex(const char *text, int wanted) { return strrchr(text, wanted); }

size_t strspn(const char *text, const char *accepted) {
    size_t length = 0;
    while (text[length] && strchr(accepted, text[length])) length++;
    return length;
}

size_t strcspn(const char *text, const char *rejected) {
    size_t length = 0;
    while (text[length] && !strchr(rejected, text[length])) length++;
    return length;
}

char *strpbrk(const char *text, const char *wanted) {
    text += strcspn(text, wanted);
    return *text ? (char *)text : NULL;
}

char *strstr(const char *text, const char *wanted) {
    size_t length = strlen(wanted);
    for (;; text++) {
        if (!strncmp(text, wanted, length)) return (char *)text;
        if (!*text) return NULL;
    }
}

char *strdup(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

int isdigit(int byte) { return byte >= '0' && byte <= '9'; }
int isupper(int byte) { return byte >= 'A' && byte <= 'Z'; }
int islower(int byte) { return byte >= 'a' && byte <= 'z'; }
int isalpha(int byte) { return isupper(byte) || islower(byte); }
int isspace(int byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
int isprint(int byte) { return byte >= ' ' && byte <= '~'; }

// ---- Numbers

// Weak: a test has one of its own.
__attribute__((weak)) long long llabs(long long value) { return value < 0 ? -value : value; }
int abs(int value) { return value < 0 ? -value : value; }
long labs(long value) { return value < 0 ? -value : value; }
__attribute__((weak)) int ffs(int value) { return value ? __builtin_ctz(value) + 1 : 0; }

unsigned long strtoul(const char *restrict text, char **restrict end, int base) {
    while (isspace(*text)) text++;
    int negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    if ((base == 0 || base == 16) && text[0] == '0' && (text[1] | 32) == 'x') {
        text += 2;
        base = 16;
    } else if (base == 0) {
        base = *text == '0' ? 8 : 10;
    }
    unsigned long value = 0;
    for (;; text++) {
        int digit = isdigit(*text) ? *text - '0' : isalpha(*text) ? (*text | 32) - 'a' + 10 : 99;
        if (digit >= base) break;
        value = value * base + digit;
    }
    if (end) *end = (char *)text;
    return negative ? -value : value;
}

long strtol(const char *restrict text, char **restrict end, int base) { return (long)strtoul(text, end, base); }
int atoi(const char *text) { return (int)strtol(text, NULL, 10); }
long atol(const char *text) { return strtol(text, NULL, 10); }

double fabs(double value) { return value < 0 ? -value : value; }
double fmax(double left, double right) { return left > right || right != right ? left : right; }
float fmaxf(float left, float right) { return left > right || right != right ? left : right; }
long double fmaxl(long double left, long double right) { return left > right || right != right ? left : right; }

double sqrt(double value) {
    double root;
    asm("fsqrt.d %0, %1" : "=f"(root) : "f"(value));
    return root;
}

double floor(double value) {
    if (!(fabs(value) < 0x1p52)) return value;
    double whole = (double)(long)value;
    return whole > value ? whole - 1 : whole;
}

static unsigned long random_state = 1;
void srand(unsigned seed) { random_state = seed; }
int rand(void) {
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return (int)(random_state >> 33);
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *)) {
    char *items = base;
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && compare(items + (j - 1) * size, items + j * size) > 0; j--) {
            for (size_t k = 0; k < size; k++) {
                char swapped = items[j * size + k];
                items[j * size + k] = items[(j - 1) * size + k];
                items[(j - 1) * size + k] = swapped;
            }
        }
    }
}
