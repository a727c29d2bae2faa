#include "folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void folder_make(char *ret_path, size_t capacity) {
  const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  int length = snprintf(ret_path, capacity, "%s/freeport-powerloss-XXXXXX", place);
  if (length < 0 || (size_t)length >= capacity || !mkdtemp(ret_path))
    abort();
}

void folder_remove(const char *path) {
  DIR *folder = opendir(path);
  if (!folder)
    return;
  for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
    (void)unlinkat(dirfd(folder), entry->d_name, 0);
  closedir(folder);
  (void)rmdir(path);
}
