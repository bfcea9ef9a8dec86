/* SPDX-License-Identifier: Apache-2.0 */
/* config_find: see config_find.h. */
#define _GNU_SOURCE
#include "proto/config_find.h"

#include "proto/wrong.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a program of this name keeps its state: XDG Base Directory Specification 0.8; /var/lib for root. */
void config_find_state_dir(char out[CONFIG_TEXT_MAX])
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const struct passwd *me = home && *home ? NULL : getpwuid(geteuid());
    if (me) home = me->pw_dir;
    int n = -1;
    if (geteuid() != 0 && xdg && xdg[0] == '/')
        n = snprintf(out, CONFIG_TEXT_MAX, "%s/furui", xdg);
    else if (geteuid() != 0 && home && home[0] == '/')
        n = snprintf(out, CONFIG_TEXT_MAX, "%s/.local/state/furui", home);
    if (n < 0 || n >= CONFIG_TEXT_MAX || wrong_path(out)) snprintf(out, CONFIG_TEXT_MAX, "/var/lib/furui");
}

/* Beside the program that runs: in its source tree (build/MODE/furuid), or where it was installed. */
void config_find_bundle(char out[CONFIG_TEXT_MAX])
{
    static const char *const BESIDE[] = {"../../models/starter/starter.bundle", "../share/furui/starter.bundle"};
    char exe[4096], path[4352];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    char *slash = strrchr(exe, '/');
    if (slash) *slash = 0;
    for (size_t i = 0; slash && i < sizeof BESIDE / sizeof *BESIDE; i++) {
        snprintf(path, sizeof path, "%s/%s", exe, BESIDE[i]);
        char *real = realpath(path, NULL);
        bool fits = real && strlen(real) < CONFIG_TEXT_MAX && !wrong_path(real);
        if (fits) snprintf(out, CONFIG_TEXT_MAX, "%s", real);
        free(real);
        if (fits) return;
    }
    snprintf(out, CONFIG_TEXT_MAX, "%s/share/furui/starter.bundle", FURUI_PREFIX);
}
