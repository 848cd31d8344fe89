#pragma once
int isdigit(int);
int isupper(int);
int islower(int);
int isalpha(int);
int isspace(int);
int isprint(int);
