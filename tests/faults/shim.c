/* Faults between a process and its files: preloaded (LD_PRELOAD) into it and, by the environment, into all that it starts.

   It stands in for the functions of the C library that change files or flush them, and for the clock. It acts on what lies
   below FAULTS_ROOT only, and only as the environment says:

   FAULTS_STATE      file of the counters that all processes of a run share (struct shared)
   FAULTS_LOG        file that gets a line for each change: process, operation, path, second path
   FAULTS_KILL_AT    the change, counted over all processes, before which to send SIGKILL
   FAULTS_KILL_AFTER the end of a path: send SIGKILL as soon as something was renamed to it
   FAULTS_KILL       whom to kill: "group" (default), or "self", the process of that change alone
   FAULTS_SYNCED     folder that gets what is flushed, as it is at that moment: see durable.py
   FAULTS_FULL_AFTER bytes that may be written; from then on the disk is full
   FAULTS_READ_ONLY  nothing can be changed
   FAULTS_CLOCK      seconds that the clock is ahead
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct shared {
    uint64_t changes, bytes, file_syncs, folder_syncs, kills;
};

static struct shared *shared;
static struct shared own;
static char root[PATH_MAX], synced[PATH_MAX];
static size_t root_length;
static int log_descriptor = -1;
static uint64_t kill_at, full_after;
static const char *kill_after;
static int kills_group, is_read_only, has_limit;
static time_t ahead;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

/* Read the environment; called again after a fork whose environment differs. */
__attribute__((constructor)) void faults_arm(void) {
    const char *value = getenv("FAULTS_ROOT");
    root_length = 0;
    shared = &own;
    if (!value)
        return;
    snprintf(root, sizeof root, "%s", value);
    if ((value = getenv("FAULTS_STATE"))) {
        int descriptor = syscall(SYS_openat, AT_FDCWD, value, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        syscall(SYS_ftruncate, descriptor, sizeof(struct shared));
        void *mapped = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        if (mapped != MAP_FAILED)
            shared = mapped;
        syscall(SYS_close, descriptor);
    }
    if ((value = getenv("FAULTS_LOG")))
        log_descriptor = syscall(SYS_openat, AT_FDCWD, value, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    value = getenv("FAULTS_SYNCED");
    snprintf(synced, sizeof synced, "%s", value ? value : "");
    kill_at = (value = getenv("FAULTS_KILL_AT")) ? strtoull(value, NULL, 10) : 0;
    kill_after = getenv("FAULTS_KILL_AFTER");
    kills_group = !(value = getenv("FAULTS_KILL")) || strcmp(value, "self");
    has_limit = (value = getenv("FAULTS_FULL_AFTER")) != NULL;
    full_after = value ? strtoull(value, NULL, 10) : 0;
    is_read_only = getenv("FAULTS_READ_ONLY") != NULL;
    ahead = (value = getenv("FAULTS_CLOCK")) ? strtoll(value, NULL, 10) : 0;
    root_length = strlen(root);
}

static void kill_now(void) {
    __atomic_add_fetch(&shared->kills, 1, __ATOMIC_SEQ_CST);
    kill(kills_group ? 0 : getpid(), SIGKILL);
    for (;;)
        pause();
}

static int is_inside(const char *path) {
    return root_length && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* The whole path of a name; whether it lies below the root. */
static int place(int folder, const char *name, char *path) {
    char link[64];
    ssize_t length = 0;
    if (!root_length || !name)
        return 0;
    if (name[0] != '/') {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        length = readlink(link, path, PATH_MAX - 1);
        if (length <= 0)
            return 0;
        path[length++] = '/';
    }
    snprintf(path + length, PATH_MAX - length, "%s", name);
    return is_inside(path);
}

/* The path of an open file; whether it lies below the root. */
static int place_of(int descriptor, char *path) {
    char link[64];
    if (!root_length || descriptor < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return is_inside(path);
}

static void note(const char *operation, const char *path, const char *other) {
    char line[2 * PATH_MAX + 64];
    if (log_descriptor < 0)
        return;
    int length = snprintf(line, sizeof line, "%d\t%s\t%s\t%s\n", getpid(), operation, path, other ? other : "");
    syscall(SYS_write, log_descriptor, line, length);
}

/* A change is about to happen. Returns 0, or -1 with errno where it must not. */
static int change(const char *operation, const char *path, const char *other) {
    uint64_t number = __atomic_add_fetch(&shared->changes, 1, __ATOMIC_SEQ_CST);
    if (number == kill_at)
        kill_now();
    if (is_read_only) {
        errno = EROFS;
        return -1;
    }
    note(operation, path, other);
    return 0;
}

/* How many of `count` bytes there is room for; -1 with errno if none. */
static ssize_t room_for(size_t count) {
    uint64_t before = __atomic_fetch_add(&shared->bytes, count, __ATOMIC_SEQ_CST);
    if (!has_limit || !count)
        return count;
    if (before >= full_after) {
        errno = ENOSPC;
        return -1;
    }
    return before + count > full_after ? (ssize_t)(full_after - before) : (ssize_t)count;
}

/* A new name takes room too. */
static int room_for_name(void) {
    return room_for(64) < 0 ? -1 : 0;
}

/* What is flushed. */

static int key_of(int descriptor, char *key, mode_t *mode) {
    struct statx status;
    if (syscall(SYS_statx, descriptor, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME | STATX_TYPE, &status))
        return -1;
    snprintf(key, 64, "%llu.%lld.%09u", (unsigned long long)status.stx_ino, (long long)status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
    *mode = status.stx_mode;
    return 0;
}

static void keep_content(int descriptor, int target) {
    char link[64], buffer[1 << 16];
    ssize_t count;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    int source = syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC);
    while ((count = syscall(SYS_read, source, buffer, sizeof buffer)) > 0)
        syscall(SYS_write, target, buffer, count);
    syscall(SYS_close, source);
}

/* A line for each name: key, kind, name, target of a link. */
static void keep_names(int descriptor, int target) {
    char link[64], line[3 * PATH_MAX], key[64], aim[PATH_MAX];
    mode_t mode;
    struct dirent *entry;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    DIR *folder = opendir(link);
    while (folder && (entry = readdir(folder))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        int named = syscall(SYS_openat, dirfd(folder), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (named < 0 || key_of(named, key, &mode))
            continue;
        ssize_t length = S_ISLNK(mode) ? readlinkat(named, "", aim, sizeof aim - 1) : 0;
        aim[length > 0 ? length : 0] = 0;
        int count = snprintf(line, sizeof line, "%s\t%c\t%s\t%s\n", key, S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : 'f', entry->d_name, aim);
        syscall(SYS_write, target, line, count);
        syscall(SYS_close, named);
    }
    if (folder)
        closedir(folder);
}

static void flush(const char *operation, int descriptor) {
    static __thread int is_busy;
    char path[PATH_MAX], key[64], name[2 * PATH_MAX], unfinished[2 * PATH_MAX];
    mode_t mode;
    if (is_busy || !place_of(descriptor, path) || key_of(descriptor, key, &mode))
        return;
    is_busy = 1;
    note(operation, path, S_ISDIR(mode) ? "folder" : "file");
    __atomic_add_fetch(S_ISDIR(mode) ? &shared->folder_syncs : &shared->file_syncs, 1, __ATOMIC_SEQ_CST);
    if (synced[0]) {
        snprintf(name, sizeof name, "%s/%s", synced, key);
        if (snprintf(unfinished, sizeof unfinished, "%s.%d", name, (int)syscall(SYS_gettid)) >= (int)sizeof unfinished)
            abort();
        int target = syscall(SYS_openat, AT_FDCWD, unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (S_ISDIR(mode))
            keep_names(descriptor, target);
        else
            keep_content(descriptor, target);
        syscall(SYS_close, target);
        syscall(SYS_renameat, AT_FDCWD, unfinished, AT_FDCWD, name);
    }
    is_busy = 0;
}

int fsync(int descriptor) {
    flush("fsync", descriptor);
    return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    flush("fdatasync", descriptor);
    return REAL(fdatasync)(descriptor);
}

/* Opening, writing. */

static int may_open(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    if (!(flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) || !place(folder, name, path))
        return 0;
    if (change("open", path, NULL))
        return -1;
    return (flags & O_CREAT) && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) ? room_for_name() : 0;
}

#define MODE(flags)                          \
    mode_t mode = 0;                         \
    if ((flags) & (O_CREAT | O_TMPFILE)) {   \
        va_list given;                       \
        va_start(given, flags);              \
        mode = va_arg(given, mode_t);        \
        va_end(given);                       \
    }

int open(const char *name, int flags, ...) {
    MODE(flags)
    return may_open(AT_FDCWD, name, flags) ? -1 : REAL(open)(name, flags, mode);
}

int open64(const char *name, int flags, ...) {
    MODE(flags)
    return may_open(AT_FDCWD, name, flags) ? -1 : REAL(open64)(name, flags, mode);
}

int openat(int folder, const char *name, int flags, ...) {
    MODE(flags)
    return may_open(folder, name, flags) ? -1 : REAL(openat)(folder, name, flags, mode);
}

int openat64(int folder, const char *name, int flags, ...) {
    MODE(flags)
    return may_open(folder, name, flags) ? -1 : REAL(openat64)(folder, name, flags, mode);
}

/* Bytes that may be written to a file now; -1 with errno if none. */
static ssize_t may_write(int descriptor, size_t count) {
    char path[PATH_MAX];
    if (!place_of(descriptor, path))
        return count;
    return change("write", path, NULL) ? -1 : room_for(count);
}

ssize_t write(int descriptor, const void *data, size_t count) {
    ssize_t taken = may_write(descriptor, count);
    return taken < 0 ? -1 : REAL(write)(descriptor, data, taken);
}

ssize_t pwrite(int descriptor, const void *data, size_t count, off_t offset) {
    ssize_t taken = may_write(descriptor, count);
    return taken < 0 ? -1 : REAL(pwrite)(descriptor, data, taken, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t count, off64_t offset) {
    ssize_t taken = may_write(descriptor, count);
    return taken < 0 ? -1 : REAL(pwrite64)(descriptor, data, taken, offset);
}

static size_t sum(const struct iovec *parts, int count) {
    size_t total = 0;
    for (int index = 0; index < count; index++)
        total += parts[index].iov_len;
    return total;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    ssize_t wanted = sum(parts, count), taken = may_write(descriptor, wanted);
    if (taken >= 0 && taken < wanted) {
        errno = ENOSPC;
        return -1;
    }
    return taken < 0 ? -1 : REAL(writev)(descriptor, parts, count);
}

/* Whoever copies asks for more than there is. */
static size_t at_most(int source, size_t count) {
    struct stat status;
    return !fstat(source, &status) && S_ISREG(status.st_mode) && count > (size_t)status.st_size ? (size_t)status.st_size : count;
}

ssize_t sendfile(int target, int source, off_t *offset, size_t count) {
    ssize_t taken = may_write(target, at_most(source, count));
    return taken < 0 ? -1 : REAL(sendfile)(target, source, offset, taken);
}

ssize_t sendfile64(int target, int source, off64_t *offset, size_t count) {
    ssize_t taken = may_write(target, at_most(source, count));
    return taken < 0 ? -1 : REAL(sendfile64)(target, source, offset, taken);
}

ssize_t copy_file_range(int source, off64_t *from, int target, off64_t *to, size_t count, unsigned flags) {
    ssize_t taken = may_write(target, at_most(source, count));
    return taken < 0 ? -1 : REAL(copy_file_range)(source, from, target, to, taken, flags);
}

int ftruncate(int descriptor, off_t size) {
    return may_write(descriptor, 0) < 0 ? -1 : REAL(ftruncate)(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) {
    return may_write(descriptor, 0) < 0 ? -1 : REAL(ftruncate64)(descriptor, size);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
    return may_write(descriptor, size) < size ? (errno = ENOSPC, -1) : REAL(fallocate)(descriptor, mode, offset, size);
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t size) {
    return may_write(descriptor, size) < size ? (errno = ENOSPC, -1) : REAL(fallocate64)(descriptor, mode, offset, size);
}

int posix_fallocate(int descriptor, off_t offset, off_t size) {
    return may_write(descriptor, size) < size ? ENOSPC : REAL(posix_fallocate)(descriptor, offset, size);
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t size) {
    return may_write(descriptor, size) < size ? ENOSPC : REAL(posix_fallocate64)(descriptor, offset, size);
}

/* Names. */

static int may_name(const char *operation, int folder, const char *name, int other_folder, const char *other, int is_new) {
    char path[PATH_MAX], second[PATH_MAX];
    int has_first = place(folder, name, path), has_second = other && place(other_folder, other, second);
    if (!has_first && !has_second)
        return 0;
    if (change(operation, has_first ? path : name, has_second ? second : other))
        return -1;
    return is_new ? room_for_name() : 0;
}

static int renamed(int result, int folder, const char *name) {
    char path[PATH_MAX];
    if (result || !kill_after || !place(folder, name, path))
        return result;
    size_t length = strlen(path), end = strlen(kill_after);
    if (length >= end && !strcmp(path + length - end, kill_after))
        kill_now();
    return result;
}

int rename(const char *name, const char *other) {
    if (may_name("rename", AT_FDCWD, name, AT_FDCWD, other, 1))
        return -1;
    return renamed(REAL(rename)(name, other), AT_FDCWD, other);
}

int renameat(int folder, const char *name, int other_folder, const char *other) {
    if (may_name("rename", folder, name, other_folder, other, 1))
        return -1;
    return renamed(REAL(renameat)(folder, name, other_folder, other), other_folder, other);
}

int renameat2(int folder, const char *name, int other_folder, const char *other, unsigned flags) {
    if (may_name("rename", folder, name, other_folder, other, 1))
        return -1;
    return renamed(REAL(renameat2)(folder, name, other_folder, other, flags), other_folder, other);
}

int link(const char *name, const char *other) {
    return may_name("link", AT_FDCWD, name, AT_FDCWD, other, 1) ? -1 : REAL(link)(name, other);
}

int linkat(int folder, const char *name, int other_folder, const char *other, int flags) {
    return may_name("link", folder, name, other_folder, other, 1) ? -1 : REAL(linkat)(folder, name, other_folder, other, flags);
}

int symlink(const char *target, const char *name) {
    return may_name("symlink", AT_FDCWD, name, AT_FDCWD, NULL, 1) ? -1 : REAL(symlink)(target, name);
}

int symlinkat(const char *target, int folder, const char *name) {
    return may_name("symlink", folder, name, AT_FDCWD, NULL, 1) ? -1 : REAL(symlinkat)(target, folder, name);
}

int mkdir(const char *name, mode_t mode) {
    return may_name("mkdir", AT_FDCWD, name, AT_FDCWD, NULL, 1) ? -1 : REAL(mkdir)(name, mode);
}

int mkdirat(int folder, const char *name, mode_t mode) {
    return may_name("mkdir", folder, name, AT_FDCWD, NULL, 1) ? -1 : REAL(mkdirat)(folder, name, mode);
}

int unlink(const char *name) {
    return may_name("unlink", AT_FDCWD, name, AT_FDCWD, NULL, 0) ? -1 : REAL(unlink)(name);
}

int unlinkat(int folder, const char *name, int flags) {
    return may_name("unlink", folder, name, AT_FDCWD, NULL, 0) ? -1 : REAL(unlinkat)(folder, name, flags);
}

int rmdir(const char *name) {
    return may_name("rmdir", AT_FDCWD, name, AT_FDCWD, NULL, 0) ? -1 : REAL(rmdir)(name);
}

/* The clock. */

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += ahead;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int result = REAL(gettimeofday)(now, zone);
    now->tv_sec += ahead;
    return result;
}

time_t time(time_t *now) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now)
        *now = exact.tv_sec;
    return exact.tv_sec;
}
