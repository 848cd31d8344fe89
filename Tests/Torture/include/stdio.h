#pragma once
#include <stdarg.h>
#include <stddef.h>

typedef struct file FILE;
extern FILE *const stdin, *const stdout, *const stderr;
#define stdin stdin
#define stdout stdout
#define stderr stderr
#define EOF (-1)
#define BUFSIZ 1024

int putchar(int);
int puts(const char *);
int fputc(int, FILE *);
int putc(int, FILE *);
int fputs(const char *restrict, FILE *restrict);
size_t fwrite(const void *restrict, size_t, size_t, FILE *restrict);
int fflush(FILE *);
int printf(const char *restrict, ...);
int fprintf(FILE *restrict, const char *restrict, ...);
int sprintf(char *restrict, const char *restrict, ...);
int snprintf(char *restrict, size_t, const char *restrict, ...);
int vprintf(const char *restrict, va_list);
int vfprintf(FILE *restrict, const char *restrict, va_list);
int vsprintf(char *restrict, const char *restrict, va_list);
int vsnprintf(char *restrict, size_t, const char *restrict, va_list);
