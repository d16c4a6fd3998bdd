"""The processes that train one network together, on Lightning Fabric; one alone is the usual case."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

Accelerator = Literal["auto", "cpu", "cuda"]
Batch = TypeVar("Batch", bound=tuple[Any, ...])
Value = TypeVar("Value")


def is_first_process() -> bool:
    """Whether this process is the one that writes files: of those that `torchrun` started, one is."""
    return _read_place("RANK", 0) == 0


class Processes:
    """Joins the processes that `torchrun` started, if it did.

    Each draws the whole batch, takes its share and works out its gradients; all then take the mean. Losses are reduced
    so that this mean is the whole batch's (`compute_total_loss`). What chance draws within a step, such as what a
    network drops out, each draws for itself.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        """Find the other processes and the device of this one."""
        from lightning_fabric import Fabric

        if accelerator == "auto":
            accelerator = "cuda" if torch.cuda.is_available() else "cpu"
        count, local = _read_place("WORLD_SIZE", 1), _read_place("LOCAL_WORLD_SIZE", 1)
        self._fabric = Fabric(accelerator=accelerator, devices=local, num_nodes=count // local)
        self._fabric.launch()
        self.rank: int = self._fabric.global_rank
        self.count: int = self._fabric.world_size
        self.device: torch.device = self._fabric.device

    @property
    def is_first(self) -> bool:
        """Whether this one validates and writes."""
        return self.rank == 0

    def take_share(self, batch: Batch) -> Batch:
        """This process's windows of a batch that every process holds, on its device."""
        return self._fabric.to_device(take_share(batch, self.rank, self.count))

    def make_equal(self, modules: Iterable[torch.nn.Module]) -> None:
        """Give all processes the first one's weights."""
        if self.count > 1:
            for module in modules:
                for values in module.state_dict().values():
                    torch.distributed.broadcast(values, 0)

    def average(self, values: Tensor) -> Tensor:
        """Mean over the processes, the same in all of them."""
        if self.count > 1:
            torch.distributed.all_reduce(values)
            values = values / self.count
        return values

    def average_gradients(self, parameters: Sequence[Tensor], loss: Tensor) -> Tensor:
        """Put the mean over the processes into the parameters' gradients; return that of the loss."""
        if self.count == 1:
            return loss
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = self.average(torch.cat([loss.reshape(1), *(gradient.flatten() for gradient in gradients)]))
        means = torch.split(flat, [1, *(gradient.numel() for gradient in gradients)])
        for gradient, mean in zip(gradients, means[1:], strict=True):
            gradient.copy_(mean.view_as(gradient))
        return flat[0]

    def wait(self) -> None:
        """Until all are here."""
        self._fabric.barrier()

    def tell(self, value: Value) -> Value:
        """The first process's value, in every process; the others wait for it."""
        return value if self.count == 1 else self._fabric.broadcast(value)


def _read_place(name: str, alone: int) -> int:
    """A number that torchrun tells its processes; others may have set it for other ends."""
    is_launched = torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()
    return int(os.environ[name]) if is_launched else alone


def take_share(batch: Batch, rank: int, count: int) -> Batch:
    """Cut neighbouring windows out of every tensor of a named tuple, which may hold other named tuples and None.

    Convention:
        16 windows, 2 processes: the second (rank 1) takes windows 8 to 15.
    """
    if count == 1:
        return batch

    def cut(value: Any) -> Any:
        if isinstance(value, tuple):
            return take_share(value, rank, count)
        return None if value is None else value[rank * len(value) // count : (rank + 1) * len(value) // count]

    return type(batch)(*map(cut, batch))
