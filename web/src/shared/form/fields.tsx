import { type ComponentProps, type ReactNode, useId } from 'react'
import {
  type ControllerRenderProps,
  type FieldValues,
  get,
  type Path,
  useController,
} from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Button, Checkbox, Dialog, Field, type FieldControl, Input, Select, Textarea } from '~/ui'
import { all, type Check } from './checks'
import type { SaveForm } from './useSaveForm'

interface Of<V extends FieldValues> {
  form: SaveForm<V>
  name: Path<V>
  label: ReactNode
  hint?: ReactNode
  className?: string | undefined
  /** In this order; the first that complains is shown. */
  checks?: Check[]
}
type Others<C extends 'input' | 'select' | 'textarea'> = Omit<
  ComponentProps<C>,
  'form' | 'name' | 'ref' | 'className' | 'onChange' | 'onBlur' | 'defaultValue' | 'value'
>

/** What a control of a field needs: its name and handlers, its label, what is wrong with it. */
function useField<V extends FieldValues>({ form, name, checks = [] }: Of<V>) {
  const { register, formState } = form.fields
  const error = (get(formState.errors, name) as { message?: string } | undefined)?.message
  return { error, registered: register(name, { validate: all(...checks) }) }
}

export function FormInput<V extends FieldValues>(props: Of<V> & Others<'input'>) {
  const { error, registered } = useField(props)
  const { form: _, name: __, label, hint, className, checks: ___, ...input } = props
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(control) => <Input autoComplete="off" {...input} {...control} {...registered} />}
    </Field>
  )
}

export function FormSelect<V extends FieldValues>(props: Of<V> & Others<'select'>) {
  const { error, registered } = useField(props)
  const { form: _, name: __, label, hint, className, checks: ___, ...select } = props
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(control) => <Select {...select} {...control} {...registered} />}
    </Field>
  )
}

export function FormTextarea<V extends FieldValues>(props: Of<V> & Others<'textarea'>) {
  const { error, registered } = useField(props)
  const { form: _, name: __, label, hint, className, checks: ___, ...area } = props
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(control) => <Textarea {...area} {...control} {...registered} />}
    </Field>
  )
}

/** For controls that are no plain input: `{(control) => <PlacesInput {...control} />}`. */
export function FormControl<V extends FieldValues, N extends Path<V>>({
  form,
  name,
  label,
  hint,
  className,
  checks = [],
  children,
}: Omit<Of<V>, 'name'> & {
  name: N
  children: (
    control: FieldControl & Omit<ControllerRenderProps<V, N>, 'ref' | 'disabled'>,
  ) => ReactNode
}) {
  const { field, fieldState } = useController<V, N>({
    control: form.fields.control,
    name,
    rules: { validate: all(...checks) },
  })
  const { ref: _, disabled: __, ...bound } = field
  return (
    <Field label={label} hint={hint} error={fieldState.error?.message} className={className}>
      {(control) => children({ ...control, ...bound })}
    </Field>
  )
}

export function FormCheckbox<V extends FieldValues>({ form, name, label, className }: Of<V>) {
  return <Checkbox label={label} className={className} {...form.fields.register(name)} />
}

/** A dialog around a form: its fields, what the server refused, cancel and save. */
export function FormDialog<V extends FieldValues>({
  form,
  onClose,
  className = 'grid grid-cols-2 gap-3',
  children,
  ...dialog
}: {
  form: SaveForm<V>
  onClose: () => void
  className?: string
  children: ReactNode
} & Pick<ComponentProps<typeof Dialog>, 'title' | 'description' | 'size'>) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <Dialog
      {...dialog}
      open
      onOpenChange={(open) => !open && onClose()}
      footer={
        <>
          <Button onClick={onClose}>{t('actions.cancel')}</Button>
          <Button type="submit" form={id} variant="primary" busy={form.busy}>
            {t('actions.save')}
          </Button>
        </>
      }
    >
      <form id={id} className={className} noValidate onSubmit={form.submit}>
        {children}
        {form.problem && (
          <p role="alert" className="col-span-full text-sm text-bad">
            {form.problem}
          </p>
        )}
      </form>
    </Dialog>
  )
}
