// Formatted output of gcc's execution tests, to memory or to HTIF's console.

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern volatile uint64_t tohost;

static const uint64_t CONSOLE_PUTCHAR = 0x0101ul << 48;

struct file {
    int unused;
};
static struct file console;
FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;

int putchar(int byte) {
    while (tohost) continue;
    tohost = CONSOLE_PUTCHAR | (unsigned char)byte;
    return (unsigned char)byte;
}

// ---- Formatting

struct sink {
    char *memory;
    size_t size;
    int to_console;
    int count;
};

static void put(struct sink *sink, char byte) {
    if (sink->to_console) {
        putchar(byte);
    } else if ((size_t)sink->count + 1 < sink->size) {
        sink->memory[sink->count] = byte;
    }
    sink->count++;
}

struct field {
    int left, zero, plus, space, alternative, width, precision;
};

static void put_padded(struct sink *sink, const struct field *field, const char *prefix, const char *text, int length,
                       int zeros) {
    int padding = field->width - (int)strlen(prefix) - zeros - length;
    if (!field->left && !field->zero) {
        for (; padding > 0; padding--) put(sink, ' ');
    }
    while (*prefix) put(sink, *prefix++);
    for (; !field->left && padding > 0; padding--) put(sink, '0');
    for (; zeros > 0; zeros--) put(sink, '0');
    for (; length > 0; length--) put(sink, *text++);
    for (; padding > 0; padding--) put(sink, ' ');
}

static void put_integer(struct sink *sink, struct field *field, uint64_t value, int negative, int base, int capital) {
    char digits[24];
    char *first = digits + sizeof digits;
    uint64_t rest = value;
    do {
        unsigned digit = rest % base;
        *--first = (char)(digit < 10 ? '0' + digit : (capital ? 'A' : 'a') + digit - 10);
        rest /= base;
    } while (rest);
    int length = (int)(digits + sizeof digits - first);
    if (field->precision == 0 && value == 0) length = 0;
    if (field->precision >= 0) field->zero = 0;
    if (field->alternative && base == 8 && (length == 0 || *first != '0')) *--first = '0', length++;
    const char *prefix = negative ? "-" : field->plus ? "+" : field->space ? " " : "";
    if (field->alternative && base == 16 && value) prefix = capital ? "0X" : "0x";
    put_padded(sink, field, prefix, first, length, field->precision > length ? field->precision - length : 0);
}

// Enough for the tests: no value beyond 2^63, rounding of the last digit by adding a half, no exponents.
static void put_fixed(struct sink *sink, struct field *field, double value, int general) {
    char text[64];
    int length = 0, precision = field->precision < 0 ? 6 : field->precision > 18 ? 18 : field->precision;
    int negative = __builtin_signbit(value) != 0;
    double half = 0.5;
    if (negative) value = -value;
    for (int i = 0; i < precision; i++) half /= 10;
    value += half;
    uint64_t whole = (uint64_t)value;
    double fraction = value - (double)whole;
    char *first = text + 32;
    do *--first = (char)('0' + whole % 10);
    while (whole /= 10);
    length = (int)(text + 32 - first);
    if (precision) first[length++] = '.';
    for (int i = 0; i < precision; i++) {
        fraction *= 10;
        int digit = (int)fraction;
        fraction -= digit;
        first[length++] = (char)('0' + digit);
    }
    while (general && precision && first[length - 1] == '0') length--, precision--;
    if (general && first[length - 1] == '.') length--;
    put_padded(sink, field, negative ? "-" : field->plus ? "+" : "", first, length, 0);
}

static const char *read_flags(struct field *field, const char *format) {
    for (;; format++) {
        switch (*format) {
            case '-': field->left = 1; break;
            case '0': field->zero = 1; break;
            case '+': field->plus = 1; break;
            case ' ': field->space = 1; break;
            case '#': field->alternative = 1; break;
            default: return format;
        }
    }
}

static uint64_t next_integer(va_list *arguments, int longs, int is_signed) {
    if (longs > 0) return va_arg(*arguments, uint64_t);
    if (!is_signed) {
        unsigned value = va_arg(*arguments, unsigned);
        return longs == -1 ? (unsigned short)value : longs == -2 ? (unsigned char)value : value;
    }
    int value = va_arg(*arguments, int);
    return (uint64_t)(int64_t)(longs == -1 ? (short)value : longs == -2 ? (signed char)value : value);
}

static void format_into(struct sink *sink, const char *format, va_list list) {
    va_list arguments;
    va_copy(arguments, list);
    for (; *format; format++) {
        if (*format != '%') {
            put(sink, *format);
            continue;
        }
        struct field field = {.precision = -1};
        format = read_flags(&field, format + 1);
        if (*format == '*') {
            field.width = va_arg(arguments, int);
            if (field.width < 0) field.left = 1, field.width = -field.width;
            format++;
        } else {
            field.width = (int)strtol(format, (char **)&format, 10);
        }
        if (*format == '.') {
            format++;
            if (*format == '*') {
                field.precision = va_arg(arguments, int);
                format++;
            } else {
                field.precision = (int)strtol(format, (char **)&format, 10);
            }
        }
        int longs = 0;
        for (; *format && strchr("hlzjt", *format); format++) longs += *format == 'h' ? -1 : 1;
        switch (*format) {
            case 'd':
            case 'i': {
                int64_t value = (int64_t)next_integer(&arguments, longs, 1);
                put_integer(sink, &field, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10, 0);
                break;
            }
            case 'u': put_integer(sink, &field, next_integer(&arguments, longs, 0), 0, 10, 0); break;
            case 'o': put_integer(sink, &field, next_integer(&arguments, longs, 0), 0, 8, 0); break;
            case 'x': put_integer(sink, &field, next_integer(&arguments, longs, 0), 0, 16, 0); break;
            case 'X': put_integer(sink, &field, next_integer(&arguments, longs, 0), 0, 16, 1); break;
            case 'p':
                field.alternative = 1;
                put_integer(sink, &field, va_arg(arguments, uint64_t), 0, 16, 0);
                break;
            case 'f': put_fixed(sink, &field, va_arg(arguments, double), 0); break;
            case 'g': put_fixed(sink, &field, va_arg(arguments, double), 1); break;
            case 'c': {
                char byte = (char)va_arg(arguments, int);
                put_padded(sink, &field, "", &byte, 1, 0);
                break;
            }
            case 's': {
                const char *text = va_arg(arguments, const char *);
                size_t limit = field.precision < 0 ? SIZE_MAX : (size_t)field.precision;
                field.zero = 0;
                put_padded(sink, &field, "", text, (int)strnlen(text, limit), 0);
                break;
            }
            case '%': put(sink, '%'); break;
            default: abort();
        }
    }
    va_end(arguments);
}

int vsnprintf(char *restrict memory, size_t size, const char *restrict format, va_list arguments) {
    struct sink sink = {.memory = memory, .size = size};
    format_into(&sink, format, arguments);
    if (size) memory[(size_t)sink.count < size ? (size_t)sink.count : size - 1] = 0;
    return sink.count;
}

int vsprintf(char *restrict memory, const char *restrict format, va_list arguments) {
    return vsnprintf(memory, SIZE_MAX, format, arguments);
}

int vprintf(const char *restrict format, va_list arguments) {
    struct sink sink = {.to_console = 1};
    format_into(&sink, format, arguments);
    return sink.count;
}

int vfprintf(FILE *restrict file, const char *restrict format, va_list arguments) {
    (void)file;
    return vprintf(format, arguments);
}

#define FORWARD(call)                \
    va_list arguments;               \
    va_start(arguments, format);     \
    int count = call;                \
    va_end(arguments);               \
    return count

int printf(const char *restrict format, ...) { FORWARD(vprintf(format, arguments)); }
int fprintf(FILE *restrict file, const char *restrict format, ...) { FORWARD(vfprintf(file, format, arguments)); }
int sprintf(char *restrict memory, const char *restrict format, ...) { FORWARD(vsprintf(memory, format, arguments)); }
int snprintf(char *restrict memory, size_t size, const char *restrict format, ...) {
    FORWARD(vsnprintf(memory, size, format, arguments));
}

int fputc(int byte, FILE *file) {
    (void)file;
    return putchar(byte);
}

int putc(int byte, FILE *file) { return fputc(byte, file); }

int fputs(const char *restrict text, FILE *restrict file) {
    while (*text) fputc(*text++, file);
    return 0;
}

int puts(const char *text) {
    fputs(text, stdout);
    return putchar('\n');
}

size_t fwrite(const void *restrict memory, size_t size, size_t count, FILE *restrict file) {
    for (size_t i = 0; i < size * count; i++) fputc(((const char *)memory)[i], file);
    return count;
}

int fflush(FILE *file) {
    (void)file;
    return 0;
}
