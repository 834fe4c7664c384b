"""Thin gRPC servicers over the use cases, behind one pipeline that every call passes."""
