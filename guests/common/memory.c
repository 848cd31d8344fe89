#include "memory.h"

void *memcpy(void *destination, const void *source, size_t length) {
    char *to = destination;
    const char *from = source;
    for (size_t i = 0; i < length; i++) to[i] = from[i];
    return destination;
}

void *memset(void *destination, int value, size_t length) {
    char *to = destination;
    for (size_t i = 0; i < length; i++) to[i] = (char)value;
    return destination;
}

int memcmp(const void *left, const void *right, size_t length) {
    const unsigned char *a = left, *b = right;
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}

int strcmp(const char *left, const char *right) {
    while (*left != 0 && *left == *right) left++, right++;
    return (unsigned char)*left - (unsigned char)*right;
}
