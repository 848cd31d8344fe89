#pragma once
#define SIGFPE 8
void (*signal(int, void (*)(int)))(int);
