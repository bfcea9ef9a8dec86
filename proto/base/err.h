/* SPDX-License-Identifier: Apache-2.0 */
/* err: the ways in which the world can fail.
 *
 * Bad mail is not an error (it is evidence), and a bug is an assert; what is left is one list, each with the
 * sentence that people read. 0 is ok. */
#ifndef FURUI_BASE_ERR_H
#define FURUI_BASE_ERR_H

#define ERR_LIST(X)                                 \
    X(OK, "fine")                                   \
    X(MEMORY, "out of memory")                      \
    X(TOO_BIG, "larger than its limit")             \
    X(LATE, "the deadline passed")                  \
    X(IO, "the system refused to read or write")    \
    X(SYNTAX, "malformed")                          \
    X(VERSION, "made for another version")          \
    X(REDIS, "the reputation store did not answer") \
    X(MODEL, "the model bundle is damaged")         \
    X(BUSY, "already in use")                       \
    X(CLOSED, "the other side went away")

enum err {
#define X(name, text) ERR_##name,
    ERR_LIST(X)
#undef X
};

/* The sentence for an error; static. */
const char *err_str(enum err e);

#endif
