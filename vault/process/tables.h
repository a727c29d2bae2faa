/* The tables of vault.mdb. A new one comes last: the log of batches beside the file names them by number. */
#pragma once

enum table {
  TABLE_META,      /* "vault": format, environment, wrapped keys; "audit": its head; "m" + number: counters */
  TABLE_MERCHANTS, /* merchant's 16 bytes -> number, wrapped keys */
  TABLE_PUBLISHABLE_KEYS, /* SHA-256 of the key -> merchant's 16 bytes */
  TABLE_TOKENS,           /* 16 bytes of the token's hash -> record (record.h) */
  TABLE_INDEX,            /* keyed hash of a card number -> index entry (index.h) */
  TABLE_SIMILAR,          /* keyed hash of first and last digits -> times of new numbers (similar.h) */
  TABLE_ESCROW,           /* number of a commit, big-endian -> its key, sealed to the escrow key */
  TABLE_CONNECTORS,       /* name -> connector and credentials, sealed (connectors.h) */
  TABLE_DELETIONS, /* time of destruction, big-endian, and the token's hash -> deletion note (deletion.h) */
  TABLE_AUDIT,     /* sequence, big-endian -> audit record */
  TABLE_EMPTIED,   /* day, big-endian, and an index entry's key -> schema number (emptied.h) */
  TABLE_COUNT
};

/* Their names, NULL-terminated, in that order. */
extern const char *const vault_tables[TABLE_COUNT + 1];
