/* SPDX-License-Identifier: Apache-2.0 */
/* test_cpu_time: a child's work is counted, and a grandchild's; a stranger's is not; who ends is left out. */
#include "bench/cpu_time.h"
#include "proto/base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct cpu_snap before, after;

static double own_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* In a new process named `name`: when told to begin, use `seconds` of CPU, say so, stay until killed. */
static pid_t burn(const char *name, double seconds, int begin, int say)
{
    char go;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, name);
    (void)!read(begin, &go, 1);
    for (double start = own_seconds(); own_seconds() - start < seconds;) {
    }
    (void)!write(say, "x", 1);
    for (;;) pause();
}

static void counts_a_tree(void **state)
{
    (void)state;
    int begin[2], pipes[2], pids[2];
    char c;
    assert_int_equal(pipe(begin), 0);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pipe(pids), 0);
    pid_t stranger = burn("stranger", 0.05, begin[0], pipes[1]), root = fork();
    if (root == 0) {
        signal(SIGCHLD, SIG_IGN);           /* no remains of the child */
        prctl(PR_SET_NAME, "a (root) 1 2"); /* brackets and blanks, as an attacker's program may have */
        pid_t child = burn("child", 0.3, begin[0], pipes[1]);
        (void)!write(pids[1], &child, sizeof child);
        for (;;) pause();
    }
    pid_t child;
    assert_int_equal(read(pids[0], &child, sizeof child), sizeof child);
    assert_int_equal(cpu_snap(root, &before), ERR_OK);
    assert_int_equal(write(begin[1], "gg", 2), 2);
    for (int i = 0; i < 2; i++) assert_int_equal(read(pipes[0], &c, 1), 1);
    assert_int_equal(cpu_snap(root, &after), ERR_OK);
    struct cpu_used used[CPU_TIME_NAMES], again[CPU_TIME_NAMES];
    size_t n = cpu_used(&before, &after, used);
    struct cpu_snap reread = before;
    assert_int_equal(cpu_reread(&reread), ERR_OK);
    assert_int_equal(cpu_used(&before, &reread, again), 2);
    assert_true(again[1].seconds >= used[1].seconds && again[1].seconds < used[1].seconds + 0.1);
    kill(child, SIGKILL);
    while (reread.n == 2) assert_int_equal(cpu_reread(&reread), ERR_OK); /* until it has gone */
    assert_int_equal(reread.n, 1);
    kill(root, SIGKILL);
    kill(stranger, SIGKILL);
    waitpid(root, NULL, 0);
    waitpid(stranger, NULL, 0);
    assert_int_equal(n, 2);
    assert_string_equal(used[0].name, "a (root) 1 2");
    assert_string_equal(used[1].name, "child");
    assert_int_equal(used[1].procs, 1);
    assert_true(used[0].seconds < 0.1);
    assert_true(used[1].seconds > 0.2 && used[1].seconds < 0.5);
    assert_int_equal(cpu_snap(root, &after), ERR_IO); /* gone */
    assert_int_equal(cpu_reread(&reread), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_a_tree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
