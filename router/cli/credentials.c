#include "credentials.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "alphabet.h"

static int read_line(FILE *file, char *ret_value) {
  if (fgets(ret_value, CREDENTIAL_VALUE_CAPACITY, file) == NULL) {
    return -ENODATA;
  }
  size_t length = strcspn(ret_value, "\r\n");
  bool whole = ret_value[length] != '\0' || feof(file);
  ret_value[length] = '\0';
  if (!whole) {
    return -EMSGSIZE;
  }
  return length == 0 ? -ENODATA : alphabet_holds(ALPHABET_PRINT, ret_value) ? 0 : -EILSEQ;
}

static const char *reason_of(int error) {
  switch (error) {
  case -ENODATA:
    return "there is no line for it, or an empty one";
  case -EMSGSIZE:
    return "the line is too long";
  case -EILSEQ:
    return "it is not of printable characters of ASCII alone";
  default:
    return strerror(-error);
  }
}

static int read_standard_input(const char *name, char *ret_value) {
  struct termios before;
  bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fprintf(stderr, "%s: ", name);
  }
  int result = read_line(stdin, ret_value);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
  }
  return result;
}

static int read_from_file(const char *path, char *ret_value) {
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    return -errno;
  }
  int result = read_line(file, ret_value);
  fclose(file);
  return result;
}

bool credential_argument_valid(const char *argument) {
  const char *equals = strchr(argument, '=');
  size_t length = equals == NULL ? 0 : (size_t)(equals - argument);
  return length > 0 && length < sizeof((struct credential *)NULL)->name &&
         (equals[1] == '@' || strcmp(equals, "=-") == 0);
}

int credential_read(const char *argument, struct credential *ret_credential) {
  struct credential credential = {0};
  if (!credential_argument_valid(argument)) {
    fputs(
        "freeport: a credential is given as KEY=- (standard input) or KEY=@FILE, never on the command line\n",
        stderr);
    return -EINVAL;
  }
  const char *equals = strchr(argument, '=');
  memcpy(credential.name, argument, (size_t)(equals - argument));
  int result = equals[1] == '@' ? read_from_file(equals + 2, credential.value)
                                : read_standard_input(credential.name, credential.value);
  if (result == 0) {
    *ret_credential = credential;
  } else {
    fprintf(stderr, "freeport: cannot read the credential %s: %s\n", credential.name, reason_of(result));
  }
  sodium_memzero(&credential, sizeof credential);
  return result;
}
