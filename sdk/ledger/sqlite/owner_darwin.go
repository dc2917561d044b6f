package sqlite

// setLock is F_OFD_SETLK, from xnu's bsd/sys/fcntl.h; x/sys does not have it.
const setLock = 90
