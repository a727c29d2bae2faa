#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct scratch scratch_make(void) {
  struct scratch scratch;
  snprintf(scratch.directory, sizeof scratch.directory, "/tmp/freeport-test-XXXXXX");
  if (!mkdtemp(scratch.directory))
    abort();
  snprintf(scratch.file, sizeof scratch.file, "%s/file", scratch.directory);
  return scratch;
}

void scratch_remove(const struct scratch *scratch) {
  DIR *directory = opendir(scratch->directory);
  if (!directory)
    return;
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
    (void)unlinkat(dirfd(directory), entry->d_name, 0);
  closedir(directory);
  (void)rmdir(scratch->directory);
}
