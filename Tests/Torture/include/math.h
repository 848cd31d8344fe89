#pragma once
#define HUGE_VAL (__builtin_huge_val())
#define INFINITY (__builtin_inff())
#define NAN (__builtin_nanf(""))
double fabs(double);
double copysign(double, double);
double sqrt(double);
double floor(double);
double fmax(double, double);
float fmaxf(float, float);
long double fmaxl(long double, long double);
