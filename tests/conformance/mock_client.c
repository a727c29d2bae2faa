#include "mock_client.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(uint16_t port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  int error = -errno;
  close(fd);
  return error;
}

static int send_all(int fd, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
    if (sent <= 0)
      return -EPIPE;
    at += sent;
    length -= (size_t)sent;
  }
  return 0;
}

/* The request as it was rendered, but for the prefix of its path and a header that lets the answer end with
 * the connection. */
static int send_request(int fd, const char *prefix, const uint8_t *bytes, size_t length) {
  const char *text = (const char *)bytes;
  const char *path = memchr(text, ' ', length);
  const char *line_end = memmem(text, length, "\r\n", 2);
  if (path == NULL || line_end == NULL)
    return -EINVAL;
  path++;
  size_t skipped = strlen(prefix);
  if ((size_t)(line_end - path) < skipped || memcmp(path, prefix, skipped) != 0)
    return -EINVAL;
  static const char closing[] = "\r\nConnection: close";
  int error = send_all(fd, text, (size_t)(path - text));
  if (error == 0)
    error = send_all(fd, path + skipped, (size_t)(line_end - path) - skipped);
  if (error == 0)
    error = send_all(fd, closing, sizeof closing - 1);
  if (error == 0)
    error = send_all(fd, line_end, length - (size_t)(line_end - text));
  return error;
}

static size_t receive_all(int fd, char *text) {
  size_t length = 0;
  ssize_t got = 0;
  while (length < MOCK_ANSWER_MAX - 1 && (got = recv(fd, text + length, MOCK_ANSWER_MAX - 1 - length, 0)) > 0)
    length += (size_t)got;
  text[length] = '\0';
  return length;
}

static void read_answer_head(const char *text, struct mock_answer *answer) {
  if (sscanf(text, "HTTP/1.1 %d", &answer->status) != 1)
    return;
  for (const char *line = strstr(text, "\r\n"); line != NULL && line[2] != '\r';
       line = strstr(line + 2, "\r\n")) {
    static const char name[] = "sl-violations:";
    if (strncasecmp(line + 2, name, sizeof name - 1) != 0)
      continue;
    const char *value = line + 2 + sizeof name - 1;
    snprintf(answer->violations, sizeof answer->violations, "%.*s", (int)strcspn(value, "\r"), value);
  }
}

int mock_ask(uint16_t port, const char *prefix, const uint8_t *bytes, size_t length,
             struct mock_answer *ret_answer) {
  struct mock_answer answer = {0};
  char *text = malloc(MOCK_ANSWER_MAX);
  int fd = connect_to(port);
  int error = text == NULL ? -ENOMEM : fd < 0 ? fd : send_request(fd, prefix, bytes, length);
  if (error == 0 && receive_all(fd, text) > 0)
    read_answer_head(text, &answer);
  if (fd >= 0)
    close(fd);
  free(text);
  if (error == 0)
    *ret_answer = answer;
  return error;
}
