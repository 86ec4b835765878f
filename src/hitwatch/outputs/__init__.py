"""The one door through which files are written: nothing of the user's is destroyed here.

Whatever a path leads to is written through: a device, pipe, socket or descriptor takes the
bytes, a link stays a link. Regular files are replaced as a whole, or appended to.
"""
