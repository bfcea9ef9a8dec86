/* SPDX-License-Identifier: Apache-2.0 */
/* admin: the words between an operator's command (`furui model`, `learner`, `reporter`) and furuid, at a door that
 * gateways cannot reach.
 *
 * The door is STATE_DIR/admin.sock, a Unix socket of packets (SOCK_SEQPACKET), mode 0600. furuid asks the kernel who
 * connects (SO_PEERCRED) and hears only its own user and root. It is no ZeroMQ endpoint: through libzmq neither the
 * peer's user nor an open file could pass. A bundle comes as an open file (SCM_RIGHTS), so no path is followed for
 * anybody and nobody's right to read is borrowed.
 *
 * One request a connection, one packet of pairs (proto/pairs.h) of at most ADMIN_REQUEST_MAX bytes:
 *
 *     v=1
 *     do=push | rollback | history | learner
 *     by=NAME     who says he is there; may be left out. The kernel's word, the uid, is kept beside it
 *     note=TEXT   why; may be left out
 *   push, with the bundle's descriptor:
 *     name=FILE          the file's name, for people
 *     id=HEX             what the bundle's id is; what arrives must have it
 *     share_ppm=N        mails of a million that are scored in shadow; 0 or left out: no shadow
 *     mails=N            so many of them decide
 *     max_flips_ppm=N    share of flips that may be
 *   learner: furuid hands the whole request to furui-learner (models/live/door.h), and its answer back
 *     ask=show | reporter | freeze | thaw | rewind
 *     who=TEXT           reporter: whom
 *     tenant=TEXT        reporter: whose limit beside his own; may be left out
 *     to=MS-N            rewind: a place in the stream
 *
 * One answer, in one packet or more until the end of the connection: a first record, and for `history` one for each
 * row, newest first, with the keys of engine/ledger.h; of the learner as models/live/door.h has them.
 *
 *     v=1
 *     status=done | shadow | refused | busy | kept
 *     why=TEXT    for people
 *     number=N    of the row in the history that this is about
 *     id=HEX      the bundle that serves now
 *     warning=TEXT
 *
 * `kept`: an order to the learner that is on disk and not obeyed yet.
 *
 * Unknown keys are passed over. A client that goes away takes nothing with it: what was begun goes on. */
#ifndef FURUI_ADMIN_H
#define FURUI_ADMIN_H

enum {
    ADMIN_VERSION = 1,
    ADMIN_REQUEST_MAX = 4096,
    ADMIN_PACKET_MAX = 16384, /* of an answer */
    ADMIN_PPM = 1000000,
    /* bytes of text, with the NUL */
    ADMIN_ID_MAX = 17, /* a bundle's id, 16 hex digits, or "" */
    ADMIN_BY_MAX = 64,
    ADMIN_NAME_MAX = 128,
    ADMIN_NOTE_MAX = 256,
    ADMIN_WHY_MAX = 512,
    ADMIN_WHO_MAX = 1025, /* a reporter, a tenant */
    ADMIN_PLACE_MAX = 48, /* of the stream */
};
#define ADMIN_SOCKET "admin.sock"

#endif
