#include "guest.h"

struct sink {
    char *buffer;
    size_t size;
    size_t length;
};

static void put(struct sink *sink, char character) {
    if (sink->length < sink->size) sink->buffer[sink->length++] = character;
}

struct field {
    size_t width;
    bool zeros;
};

static void put_text(struct sink *sink, struct field field, const char *text) {
    for (size_t length = strlen(text); length < field.width; length++) put(sink, ' ');
    while (*text != 0) put(sink, *text++);
}

static void put_number(struct sink *sink, struct field field, uint64_t value, unsigned base, bool negative) {
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    size_t length = count + (negative ? 1 : 0);
    if (negative && field.zeros) put(sink, '-');
    for (; length < field.width; length++) put(sink, field.zeros ? '0' : ' ');
    if (negative && !field.zeros) put(sink, '-');
    while (count > 0) put(sink, digits[--count]);
}

size_t format_text(char *buffer, size_t size, const char *format, va_list arguments) {
    struct sink sink = {buffer, size, 0};
    for (; *format != 0; format++) {
        if (*format != '%') {
            put(&sink, *format);
            continue;
        }
        struct field field = {0, false};
        bool wide = false;
        if (*++format == '0') field.zeros = true;
        for (; *format >= '0' && *format <= '9'; format++) field.width = field.width * 10 + (size_t)(*format - '0');
        for (; *format == 'l'; format++) wide = true;
        switch (*format) {
        case 's': put_text(&sink, field, va_arg(arguments, const char *)); break;
        case 'c': put(&sink, (char)va_arg(arguments, int)); break;
        case 'd': {
            long value = wide ? va_arg(arguments, long) : va_arg(arguments, int);
            put_number(&sink, field, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
            break;
        }
        case 'u': {
            uint64_t value = wide ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t);
            put_number(&sink, field, value, 10, false);
            break;
        }
        case 'x': {
            uint64_t value = wide ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t);
            put_number(&sink, field, value, 16, false);
            break;
        }
        case 0: return sink.length;
        default: put(&sink, *format);
        }
    }
    return sink.length;
}

void console_write(const char *text, size_t length) {
    // The debug console takes physical addresses; our guests map their own memory one to one.
    while (length > 0) {
        struct sbi_result result = sbi_call(SBI_DBCN, DBCN_WRITE, length, (uint64_t)text, 0, 0, 0);
        if (result.error != 0 || result.value <= 0 || (size_t)result.value > length) break;
        text += result.value;
        length -= (size_t)result.value;
    }
    // Firmware older than SBI 2.0 has no debug console.
    for (; length > 0; length--) sbi_call(SBI_LEGACY_PUTCHAR, 0, (uint8_t)*text++, 0, 0, 0, 0);
}

void print(const char *format, ...) {
    char buffer[256];
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_text(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    console_write(buffer, length);
}

void report(const char *format, ...) {
    char buffer[640];
    size_t length = strlen(guest_name);
    memcpy(buffer, guest_name, length);
    buffer[length++] = ':';
    buffer[length++] = ' ';
    va_list arguments;
    va_start(arguments, format);
    // The line goes out whole, so that lines of several harts do not mix.
    length += format_text(buffer + length, sizeof buffer - length - 1, format, arguments);
    va_end(arguments);
    buffer[length++] = '\n';
    console_write(buffer, length);
}
