/* steady-load RATE SECONDS: payments of 10.00 EUR at a steady rate, whatever becomes of those before: the
 * next one does not wait. For the stack of the environment (DIR/env, sourced), with the cards $TOKENS (a
 * blank between two) in turn. Ends when all are answered; prints how many were made (201 or 202), and fails
 * when any was not. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MS = 30000, POLL_MS = 5, URL_CAPACITY = 256, BODY_CAPACITY = 256, MADE = 201, OPEN = 202 };

static struct load {
  CURLM *multi;
  char url[URL_CAPACITY], authorization[URL_CAPACITY];
  const char *tokens, *token;
  unsigned sent, made, refused;
} load;

struct request {
  struct curl_slist *headers;
  char body[BODY_CAPACITY];
};

static const char *environment(const char *name) {
  const char *value = getenv(name);
  if (value == NULL) {
    fprintf(stderr, "steady-load: %s is not set\n", name);
    exit(64);
  }
  return value;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t drop(char *bytes, size_t size, size_t count, void *context) {
  (void)bytes, (void)context;
  return size * count;
}

/* The length of the next token, at load.token. */
static int next_token(void) {
  const char *after = strchr(load.token, ' ');
  load.token = after == NULL ? load.tokens : after + 1;
  return (int)strcspn(load.token, " ");
}

static void send_one(void) {
  struct request *request = calloc(1, sizeof *request);
  CURL *easy = curl_easy_init();
  char key[64];
  if (request == NULL || easy == NULL) {
    abort();
  }
  snprintf(key, sizeof key, "Idempotency-Key: steady-%d-%u", getpid(), load.sent++);
  int length = next_token();
  snprintf(request->body, sizeof request->body, "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"%.*s\"}",
           length, load.token);
  request->headers = curl_slist_append(NULL, load.authorization);
  request->headers = curl_slist_append(request->headers, key);
  request->headers = curl_slist_append(request->headers, "Content-Type: application/json");
  curl_easy_setopt(easy, CURLOPT_URL, load.url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
  curl_multi_add_handle(load.multi, easy);
}

static void finish(CURL *easy) {
  struct request *request;
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
  load.made += status == MADE || status == OPEN;
  load.refused += status != MADE && status != OPEN;
  curl_multi_remove_handle(load.multi, easy);
  curl_easy_cleanup(easy);
  curl_slist_free_all(request->headers);
  free(request);
}

static void take_answers(void) {
  int running, left;
  CURLMsg *message;
  curl_multi_perform(load.multi, &running);
  while ((message = curl_multi_info_read(load.multi, &left)) != NULL) {
    if (message->msg == CURLMSG_DONE) {
      finish(message->easy_handle);
    }
  }
  curl_multi_poll(load.multi, NULL, 0, POLL_MS, NULL);
}

int main(int argc, char **argv) {
  if (argc != 3 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
    fprintf(stderr, "usage: steady-load RATE SECONDS\n");
    return 64;
  }
  double rate = atof(argv[1]), seconds = atof(argv[2]), began = now();
  load.tokens = load.token = environment("TOKENS");
  load.multi = curl_multi_init();
  snprintf(load.url, sizeof load.url, "%s/v1/payments", environment("FREEPORT_API_URL"));
  snprintf(load.authorization, sizeof load.authorization, "Authorization: Bearer %s",
           environment("FREEPORT_SECRET_KEY"));
  while (load.sent < (unsigned)(rate * seconds)) {
    if (now() >= began + load.sent / rate) {
      send_one();
    }
    take_answers();
  }
  while (load.made + load.refused < load.sent) {
    take_answers();
  }
  printf("%u\n", load.made);
  curl_multi_cleanup(load.multi);
  curl_global_cleanup();
  return load.refused == 0 ? 0 : 1;
}
