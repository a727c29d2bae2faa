#include "admin_client.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int admin_connect(const char *directory, struct admin_client *ret_client) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/run/admin.sock", directory);
  if (length < 0 || (size_t)length >= sizeof address.sun_path) {
    return -ENAMETOOLONG;
  }
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -errno;
  }
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  memset(ret_client, 0, sizeof *ret_client);
  ret_client->fd = fd;
  return 0;
}

void admin_close(struct admin_client *client) {
  close(client->fd);
  sodium_memzero(client, sizeof *client);
  client->fd = -1;
}

struct writer admin_body(struct admin_client *client) {
  return writer_over(client->request + MESSAGE_HEADER, sizeof client->request - MESSAGE_HEADER);
}

static void write_header(struct admin_client *client, uint8_t type, size_t length) {
  struct writer header = writer_over(client->request, MESSAGE_HEADER);
  write_u8(&header, MESSAGE_VERSION);
  write_u8(&header, type);
  write_u16(&header, 0);
  write_u32(&header, (uint32_t)length);
  write_u64(&header, ++client->correlation);
}

static int read_reply(struct admin_client *client, uint8_t type, size_t length, struct reader *ret_reply) {
  struct reader reader = reader_over(client->reply, length);
  bool fits = read_u8(&reader) == MESSAGE_VERSION;
  fits = read_u8(&reader) == (type | REPLY_BIT) && fits;
  fits = read_u16(&reader) == 0 && fits;
  fits = read_u32(&reader) == length - MESSAGE_HEADER && fits;
  fits = read_u64(&reader) == client->correlation && fits;
  uint16_t status = read_u16(&reader);
  if (!fits || reader.bad) {
    return -EBADMSG;
  }
  if (status == STATUS_DONE) {
    *ret_reply = reader;
  }
  return status;
}

int admin_call(struct admin_client *client, uint8_t type, const struct writer *body,
               struct reader *ret_reply) {
  int result = writer_finish(body);
  if (result < 0) {
    return result;
  }
  size_t length = writer_length(body);
  write_header(client, type, length);
  ssize_t sent = send(client->fd, client->request, MESSAGE_HEADER + length, MSG_NOSIGNAL);
  int error = errno;
  sodium_memzero(client->request, sizeof client->request);
  if (sent < 0) {
    return -error;
  }
  struct pollfd waiting = {.fd = client->fd, .events = POLLIN};
  int ready = poll(&waiting, 1, ADMIN_TIMEOUT_MS);
  if (ready <= 0) {
    return ready == 0 ? -ETIMEDOUT : -errno;
  }
  ssize_t received = recv(client->fd, client->reply, sizeof client->reply, 0);
  if (received < MESSAGE_HEADER) {
    return received < 0 ? -errno : -ECONNRESET;
  }
  return read_reply(client, type, (size_t)received, ret_reply);
}

const char *admin_status_text(int status) {
  switch (status) {
  case STATUS_BUSY:
    return "the vault is busy; try again";
  case STATUS_REFUSED:
    return "the vault refuses this here";
  case STATUS_NOT_FOUND:
    return "there is no such thing in this vault";
  case STATUS_EXPIRED:
    return "it has expired";
  case STATUS_DELETED:
    return "it is deleted";
  case STATUS_INVALID:
    return "a value is not acceptable";
  case STATUS_LIMITED:
    return "a limit is reached";
  case STATUS_SEALED:
    return "the vault is sealed; unlock it first";
  case STATUS_STORAGE:
    return "the vault cannot write (is the disk full?); nothing was changed";
  case STATUS_CONFLICT:
    return "it exists already with other values";
  default:
    return "the vault gave an answer that this program does not know";
  }
}
