#include "resolver.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct shared;

/* One thread. */
struct worker {
  struct shared *shared;
  struct resolver_question work;     /* its copy: the owner may go while it asks */
  struct resolver_question *working; /* whom the copy is for; NULL when nobody waits any more */
};

/* What loop and threads share; freed by whoever leaves last. */
struct shared {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  struct resolver_question *asked, *asked_last;
  unsigned waiting; /* questions that no thread has taken */
  struct resolver_question *answered;
  unsigned running, idle; /* threads */
  unsigned workers_max;
  int event;
  bool ending;
  struct worker workers[];
};

struct resolver {
  struct watch watch; /* first: the callback is given its address */
  struct loop *loop;
  struct shared *shared;
};

static void shared_free(struct shared *shared) {
  close(shared->event);
  pthread_cond_destroy(&shared->wake);
  pthread_mutex_destroy(&shared->lock);
  free(shared);
}

/* Keeps stream addresses alone, in the order that the system prefers. */
static void take_addresses(struct resolver_question *question, const struct addrinfo *list) {
  question->count = 0;
  for (; list != NULL && question->count < RESOLVED_MAX; list = list->ai_next) {
    struct net_address *address = &question->addresses[question->count];
    if ((list->ai_family != AF_INET && list->ai_family != AF_INET6) || list->ai_addrlen > sizeof address->v6)
      continue;
    memcpy(&address->any, list->ai_addr, list->ai_addrlen);
    address->length = list->ai_addrlen;
    address->v4.sin_port = htons(question->port); /* at the same place in both families */
    question->count++;
  }
  question->error = question->count > 0 ? 0 : -ENOENT;
}

static void look_up(struct resolver_question *question) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
  struct addrinfo *list = NULL;
  int error = getaddrinfo(question->host, NULL, &hints, &list);
  if (error != 0) {
    question->count = 0;
    question->error = error == EAI_AGAIN ? -EAGAIN : -ENOENT;
    return;
  }
  take_addresses(question, list);
  freeaddrinfo(list);
}

/* With the lock held: has the loop tell whoever asked. */
static void hand_over(struct shared *shared, struct resolver_question *question) {
  question->next = shared->answered;
  shared->answered = question;
  uint64_t one = 1;
  if (write(shared->event, &one, sizeof one) < 0) {
    /* Only a full counter fails, and then the loop is about to look anyway. */
  }
}

/* With the lock held: the work is done, if somebody still waits for it. */
static void deliver(struct worker *worker) {
  struct resolver_question *question = worker->working;
  worker->working = NULL;
  if (question == NULL)
    return;
  question->error = worker->work.error;
  question->count = worker->work.count;
  memcpy(question->addresses, worker->work.addresses, sizeof question->addresses);
  hand_over(worker->shared, question);
}

/* With the lock held: the next question, or NULL when the threads are to end. */
static struct resolver_question *await_question(struct shared *shared) {
  while (!shared->ending && shared->asked == NULL) {
    shared->idle++;
    pthread_cond_wait(&shared->wake, &shared->lock);
    shared->idle--;
  }
  struct resolver_question *question = shared->ending ? NULL : shared->asked;
  if (question != NULL) {
    shared->asked = question->next;
    shared->waiting--;
  }
  return question;
}

static void *resolver_thread(void *context) {
  struct worker *worker = context;
  struct shared *shared = worker->shared;
  struct resolver_question *question;
  pthread_mutex_lock(&shared->lock);
  while ((question = await_question(shared)) != NULL) {
    worker->work = *question;
    worker->working = question;
    pthread_mutex_unlock(&shared->lock);
    look_up(&worker->work);
    pthread_mutex_lock(&shared->lock);
    deliver(worker);
  }
  bool last = --shared->running == 0;
  pthread_mutex_unlock(&shared->lock);
  if (last)
    shared_free(shared);
  return NULL;
}

static void on_answers(struct watch *watch, uint32_t events) {
  struct resolver *resolver = (struct resolver *)watch;
  struct shared *shared = resolver->shared;
  uint64_t count;
  (void)events;
  if (read(shared->event, &count, sizeof count) < 0)
    return;
  pthread_mutex_lock(&shared->lock);
  struct resolver_question *question = shared->answered;
  shared->answered = NULL;
  pthread_mutex_unlock(&shared->lock);
  while (question != NULL) {
    struct resolver_question *next = question->next;
    question->answered(question);
    question = next;
  }
}

/* With the lock held. */
static int start_thread(struct shared *shared) {
  struct worker *worker = &shared->workers[shared->running];
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  worker->shared = shared;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
  int error = pthread_create(&thread, &attributes, resolver_thread, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (error == 0)
    shared->running++;
  return -error;
}

static int shared_new(unsigned threads, struct shared **ret_shared) {
  struct shared *shared = calloc(1, sizeof *shared + threads * sizeof *shared->workers);
  if (shared == NULL)
    return -ENOMEM;
  shared->workers_max = threads;
  shared->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (shared->event < 0) {
    int error = -errno;
    free(shared);
    return error;
  }
  pthread_mutex_init(&shared->lock, NULL);
  pthread_cond_init(&shared->wake, NULL);
  *ret_shared = shared;
  return 0;
}

/* Whatever a look-up loads, libraries among it, is loaded now. */
static void warm_up(void) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
  if (getaddrinfo("localhost", NULL, &hints, &list) == 0)
    freeaddrinfo(list);
}

int resolver_new(struct loop *loop, unsigned threads, struct resolver **ret_resolver) {
  assert(threads >= 1 && threads <= RESOLVER_THREADS_MAX);
  struct resolver *resolver = calloc(1, sizeof *resolver);
  if (resolver == NULL)
    return -ENOMEM;
  int error = shared_new(threads, &resolver->shared);
  if (error < 0) {
    free(resolver);
    return error;
  }
  resolver->loop = loop;
  resolver->watch = (struct watch){.ready = on_answers, .fd = resolver->shared->event};
  error = loop_watch(loop, &resolver->watch, EPOLLIN);
  if (error < 0) {
    shared_free(resolver->shared);
    free(resolver);
    return error;
  }
  warm_up();
  *ret_resolver = resolver;
  return 0;
}

void resolver_free(struct resolver *resolver) {
  struct shared *shared = resolver->shared;
  loop_forget(resolver->loop, &resolver->watch);
  pthread_mutex_lock(&shared->lock);
  shared->ending = true;
  shared->asked = NULL;
  for (unsigned i = 0; i < shared->running; i++)
    shared->workers[i].working = NULL;
  bool alone = shared->running == 0;
  pthread_cond_broadcast(&shared->wake);
  pthread_mutex_unlock(&shared->lock);
  if (alone)
    shared_free(shared);
  free(resolver);
}

static void enqueue(struct shared *shared, struct resolver_question *question) {
  if (shared->asked == NULL)
    shared->asked = question;
  else
    shared->asked_last->next = question;
  shared->asked_last = question;
  shared->waiting++;
  pthread_cond_signal(&shared->wake);
}

void resolver_ask(struct resolver *resolver, struct resolver_question *question) {
  struct shared *shared = resolver->shared;
  question->next = NULL;
  pthread_mutex_lock(&shared->lock);
  if (shared->waiting >= shared->idle && shared->running < shared->workers_max)
    (void)!start_thread(shared); /* without another, those that run do it later */
  if (shared->running > 0) {
    enqueue(shared, question);
  } else {
    question->error = -EAGAIN;
    hand_over(shared, question);
  }
  pthread_mutex_unlock(&shared->lock);
}
