#include "sandbox_control_api.h"
#include <string.h>

static void answer_error(struct psp_answer *answer, uint16_t status, const char *message) {
  answer->status = status;
  text_put(&answer->body, "{\"error\":");
  text_json(&answer->body, message);
  text_put(&answer->body, "}");
}

/* /_sandbox/NAME/thing: the thing, with NAME in ret_name; NULL when it is not of that form. */
static const char *split_path(const char *path, char ret_name[BOOK_NAME_CAPACITY]) {
  const char *name = path + strlen("/_sandbox/");
  size_t length = strcspn(name, "/");
  if (length >= BOOK_NAME_CAPACITY || name[length] != '/')
    return NULL;
  memcpy(ret_name, name, length);
  ret_name[length] = '\0';
  return name + length + 1;
}

static struct book *set_behaviour(struct books *books, struct book *book, const struct request *request,
                                  struct psp_answer *answer) {
  struct behaviour behaviour;
  const char *body = request->body.bytes == NULL ? "" : request->body.bytes;
  const char *wrong = behaviour_parse(body, request->body.length, &behaviour);
  if (wrong != NULL) {
    answer_error(answer, 400, wrong);
    return NULL;
  }
  book->behaviour = behaviour;
  books_note_behaviour(books, book);
  behaviour_print(&book->behaviour, &answer->body);
  return book;
}

struct book *control_api_serve(struct books *books, const struct request *request,
                               struct psp_answer *answer) {
  char name[BOOK_NAME_CAPACITY];
  const char *thing = split_path(request->path, name);
  struct book *book = thing == NULL ? NULL : books_find(books, name);
  bool get = strcmp(request->method, "GET") == 0, put = strcmp(request->method, "PUT") == 0;
  answer->status = 200;
  if (book == NULL)
    answer_error(answer, 404,
                 "paths are /_sandbox/NAME/behaviour, charges and errors, where NAME begins with "
                 "stripe, adyen or checkout");
  else if (strcmp(thing, "behaviour") == 0 && put)
    return set_behaviour(books, book, request, answer);
  else if (strcmp(thing, "behaviour") == 0 && get)
    behaviour_print(&book->behaviour, &answer->body);
  else if (strcmp(thing, "charges") == 0 && get)
    book_print_charges(book, &answer->body);
  else if (strcmp(thing, "errors") == 0 && get)
    book_print_errors(book, &answer->body);
  else if (strcmp(thing, "behaviour") == 0 || strcmp(thing, "charges") == 0 || strcmp(thing, "errors") == 0)
    answer_error(answer, 405, "behaviour takes GET and PUT, charges and errors take GET");
  else
    answer_error(answer, 404, "a connector has behaviour, charges and errors");
  return NULL;
}
